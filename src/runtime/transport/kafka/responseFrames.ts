/** No broker answers with more than this; a larger length means that the other side does not speak Kafka's protocol. */
const maxFrameBytes = 0x1000_0000;

/** Cuts the bytes of a socket into responses, each in memory of its own: the chunks may be written over by the next read. */
export class ResponseFrames {
  readonly #deliver: (frame: Buffer) => void;
  readonly #header = Buffer.alloc(4);
  #headerUsed = 0;
  #frame: Buffer | undefined;
  #frameUsed = 0;

  constructor(deliver: (frame: Buffer) => void) {
    this.#deliver = deliver;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.#frame === undefined ? this.#begin(chunk, at) : this.#fill(this.#frame, chunk, at);
    }
  }

  /** Reads the length. */
  #begin(chunk: Buffer, from: number): number {
    const copied = chunk.copy(this.#header, this.#headerUsed, from);
    this.#headerUsed += copied;
    const at = from + copied;
    if (this.#headerUsed < 4) return at;
    this.#headerUsed = 0;
    const size = this.#header.readInt32BE(0);
    if (size < 4 || size > maxFrameBytes) throw new Error(`a response of ${size} bytes`);
    this.#frame = Buffer.allocUnsafe(size);
    this.#frameUsed = 0;
    return at;
  }

  #fill(frame: Buffer, chunk: Buffer, from: number): number {
    const copied = chunk.copy(frame, this.#frameUsed, from);
    this.#frameUsed += copied;
    if (this.#frameUsed === frame.length) {
      this.#frame = undefined;
      this.#deliver(frame);
    }
    return from + copied;
  }
}
