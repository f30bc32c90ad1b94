import { EscError } from '../errors.ts'
import { input, rich } from '../rich-text.ts'

/** Headers of a webhook's own, by name as typed. Values may be secrets. */
export type WebhookHeaders = Readonly<Record<string, string>>

/** Set by what sends the request. */
const reserved =
  /^(host|content-length|content-type|transfer-encoding|connection|keep-alive|upgrade|te|trailer|expect|user-agent|pulumi-webhook-.*)$/i

/**
 * Reads `Name: value`.
 * @throws EscError `usage`, which never shows the value.
 */
export function readHeader(text: string): readonly [name: string, value: string] {
  const [, name = '', value = ''] = /^([^:]*):(.*)$/s.exec(text) ?? []
  checkHeader(name, value)
  return [name, value.trim()]
}

/** Refuses headers that cannot be sent. @throws EscError `usage`, which never shows a value. */
export function checkHeaders(headers: WebhookHeaders): void {
  for (const [name, value] of Object.entries(headers)) checkHeader(name, value)
}

function checkHeader(name: string, value: string): void {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[^\x20-\x7e\t]/.test(value) || value.trim() === '') {
    throw new EscError('usage', rich`invalid ${input('header')}: it is not of the form Name: value`, {
      hint: rich`such as ${input('header')} 'Authorization: Bearer …'; the value is one line of ASCII, or - for standard input`,
    })
  }
  if (reserved.test(name))
    throw new EscError('usage', rich`invalid ${input('header')} ${name}: esc sets that one itself`)
}

/** `before` with some set, whatever the case of their names, and others removed. */
export function headersAfter(
  before: WebhookHeaders,
  { set, removed }: { readonly set: WebhookHeaders; readonly removed: readonly string[] },
): WebhookHeaders {
  const gone = new Set([...Object.keys(set), ...removed].map((name) => name.toLowerCase()))
  const kept = Object.entries(before).filter(([name]) => !gone.has(name.toLowerCase()))
  return { ...Object.fromEntries(kept), ...set }
}
