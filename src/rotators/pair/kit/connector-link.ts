/** The way of an order to the private network. */
export interface ConnectorLink {
  /** Such as `Lambda function esc-rotator`. */
  readonly label: string
  /** Throws where it can be told that no order would get through. Changes nothing. */
  probe(): Promise<void>
  /**
   * Sends the JSON text once and returns the text of the answer. `hide` takes
   * secrets out of what is quoted.
   */
  send(body: string, hide: (text: string) => string): Promise<string>
  close(): void
}

export interface ConnectorUse {
  /** Name of the rotator, for messages. */
  readonly rotator: string
  readonly now: () => Date
}
