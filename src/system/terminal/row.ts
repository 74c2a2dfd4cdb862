// One row of a screen: what stands in its columns.
//
// Most rows are printable ASCII without colours: they are one string, in which a column is an index. The
// first character that is not so turns a row into cells.
//
// Spec: spec/terminal.md, Columns and Colours. Test: test/system/terminal/screen.test.ts.

/** Code units of one cell: a character with the marks that stand on it. */
const CELL_SIZE_MAX = 32;

export class Row {
  /** Number of its line in the log. */
  line: number;
  /** Of its last change, milliseconds since 1970. */
  time = 0;
  /** Changed since it was last taken. */
  isChanged = false;
  /** Its length and time when it was last recorded. */
  recordedLength = 0;
  recordedTime = 0;
  /** Counts from 0 in its screen. */
  readonly index: number;
  #text = '';
  /** A character each, '' for the second half of a wide one. */
  #cells: string[] | undefined;
  #styles: string[] = [];

  constructor(line: number, index: number) {
    this.line = line;
    this.index = index;
  }

  get length(): number {
    return this.#cells?.length ?? this.#text.length;
  }

  /** `text`: printable ASCII. */
  put(column: number, text: string, style: string): void {
    const { length } = this;
    if (this.#cells === undefined && style === '') {
      if (column === length) this.#text += text;
      else if (column === 0 && text.length >= length) this.#text = text;
      else {
        const before = column > length ? this.#text.padEnd(column) : this.#text.slice(0, column);
        this.#text = before + text + this.#text.slice(column + text.length);
      }
      return;
    }
    const cells = this.#cellsTo(column);
    this.#split(column);
    this.#split(column + text.length);
    for (let index = 0; index < text.length; index += 1) {
      cells[column + index] = text[index] as string;
      this.#styles[column + index] = style;
    }
  }

  /** One character of width 1 or 2. */
  putCharacter(column: number, character: string, width: number, style: string): void {
    const cells = this.#cellsTo(column);
    this.#split(column);
    this.#split(column + width);
    cells[column] = character;
    this.#styles[column] = style;
    if (width === 1) return;
    cells[column + 1] = '';
    this.#styles[column + 1] = style;
  }

  /** A mark without a width joins the character before the column; false where there is none. */
  join(column: number, mark: string): boolean {
    if (column === 0 || column > this.length) return false;
    const cells = this.#cellsTo(column);
    const at = cells[column - 1] === '' ? column - 2 : column - 1;
    const joined = (cells[at] as string) + mark;
    if (joined.length > CELL_SIZE_MAX) return false;
    cells[at] = joined;
    return true;
  }

  /** From the column to the end. */
  eraseEnd(column: number): void {
    if (column >= this.length) return;
    this.#split(column);
    if (this.#cells === undefined) this.#text = this.#text.slice(0, column);
    else this.#truncate(column);
  }

  /** `count` columns become blank. */
  erase(column: number, count: number): void {
    const end = column + count;
    if (end >= this.length) this.eraseEnd(column);
    else this.put(column, ' '.repeat(count), '');
  }

  /** `count` columns are taken out; what stands behind them moves to the left. */
  delete(column: number, count: number): void {
    if (column + count >= this.length) {
      this.eraseEnd(column);
      return;
    }
    const cells = this.#cellsTo(column);
    this.#split(column);
    this.#split(column + count);
    cells.splice(column, count);
    this.#styles.splice(column, count);
  }

  /** `count` blank columns come in; nothing may stand from `end` on afterwards. */
  insert(column: number, count: number, end: number): void {
    if (column >= this.length) return;
    const cells = this.#cellsTo(column);
    this.#split(column);
    const room = Math.min(count, end - column);
    cells.splice(column, 0, ...new Array<string>(room).fill(' '));
    this.#styles.splice(column, 0, ...new Array<string>(room).fill(''));
    this.eraseEnd(end);
  }

  /** Without colours. */
  get text(): string {
    return this.#cells?.join('') ?? this.#text;
  }

  /** With colours: complete in itself, whatever stands before it. */
  get styledText(): string {
    const cells = this.#cells;
    if (cells === undefined) return this.#text;
    let text = '';
    let last = '';
    for (let start = 0; start < cells.length; ) {
      const style = this.#styles[start] as string;
      let end = start + 1;
      while (end < cells.length && this.#styles[end] === style) end += 1;
      if (style !== last)
        text += style === '' ? '\x1b[0m' : `\x1b[${last === '' ? '' : '0;'}${style}m`;
      text += cells.slice(start, end).join('');
      last = style;
      start = end;
    }
    return last === '' ? text : `${text}\x1b[0m`;
  }

  /** Cells, of which there are at least `column`. */
  #cellsTo(column: number): string[] {
    if (this.#cells === undefined) {
      this.#cells = this.#text.split('');
      this.#styles = new Array<string>(this.#cells.length).fill('');
      this.#text = '';
    }
    while (this.#cells.length < column) {
      this.#cells.push(' ');
      this.#styles.push('');
    }
    return this.#cells;
  }

  /** A wide character that the column goes through becomes two spaces. */
  #split(column: number): void {
    const cells = this.#cells;
    if (cells === undefined || cells[column] !== '') return;
    cells[column - 1] = ' ';
    cells[column] = ' ';
  }

  #truncate(column: number): void {
    if (this.#cells !== undefined) this.#cells.length = column;
    this.#styles.length = column;
  }
}
