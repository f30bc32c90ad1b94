import { EscError } from '../../errors.ts'

/** Reads an address to listen on. @throws EscError `usage`. */
export function readAddress(typed: string): { readonly host: string; readonly port: number } {
  const [, host = '', port = ''] = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]]*):)?([0-9]{1,5})$/.exec(typed) ?? []
  if (port === '' || Number(port) > 65_535) {
    throw new EscError('usage', `--listen is '${typed}', which is not an address and port`, {
      hint: 'write 127.0.0.1:8080, [::1]:8080, or 8080 alone',
    })
  }
  return { host: host.replace(/^\[|\]$/g, '') || '127.0.0.1', port: Number(port) }
}
