import stringWidth from 'string-width';

/** Rows as columns that line up on a terminal, where Hangul takes two cells. Columns with numbers go to the right. */
export function columns(rows: readonly (readonly (string | number)[])[], gap = '  '): string[] {
  const cells = rows.map((row) =>
    row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)),
  );
  const widths: number[] = [];
  const numbers = new Set<number>();
  for (const [index, row] of cells.entries()) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, stringWidth(cell));
      if (typeof rows[index]![column] === 'number') numbers.add(column);
    }
  }
  return cells.map((row) =>
    row
      .map((cell, column) => {
        const space = ' '.repeat(widths[column]! - stringWidth(cell));
        return numbers.has(column) ? space + cell : cell + space;
      })
      .join(gap)
      .trimEnd(),
  );
}

/** So much of the text as fits into that many cells. */
export function fitted(text: string, cells: number): string {
  if (stringWidth(text) <= cells) return text;
  let kept = '';
  for (const letter of text) {
    if (stringWidth(`${kept}${letter}…`) > cells) break;
    kept += letter;
  }
  return `${kept}…`;
}
