/** A number kept as its literal text: `1`, `1.0` and `1e0` are three different numbers to the language. */
export class JsonNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** JSON whose numbers may keep their text. Objects read by `parseJson` have no prototype, so `__proto__` is an ordinary key. */
export type Json =
  | null
  | boolean
  | number
  | string
  | JsonNumber
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }
