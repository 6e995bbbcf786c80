/** Kafka cannot run here: no Java, no Maven, no download. The message says what to install or set instead. */
export class KafkaMissing extends Error {
  override readonly name = 'KafkaMissing';
}
