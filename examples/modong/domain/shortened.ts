const graphemes = new Intl.Segmenter('ko', { granularity: 'grapheme' });

/** So much of the text as has `longest` characters as databases count them, and nothing that a reader sees as one is torn. */
export function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  let kept = '';
  let length = 0;
  for (const { segment } of graphemes.segment(text)) {
    length += [...segment].length;
    if (length > longest) return kept === '' ? [...text].slice(0, longest).join('') : kept;
    kept += segment;
  }
  return kept;
}
