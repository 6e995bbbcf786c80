/** The neighbourhoods of the story. */
export const dongs: Readonly<Record<string, string>> = {
  '1168064000': '역삼1동',
  '1168065000': '역삼2동',
  '1144066000': '서교동',
  '1121571000': '화양동',
};

const inSeoul = new Intl.DateTimeFormat('sv', { timeZone: 'Asia/Seoul', dateStyle: 'short' });

/** 2026-03-01 */
export const localDay = (moment: number): string => inSeoul.format(moment);
