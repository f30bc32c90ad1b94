import { EscError } from '../../errors.ts'
import { isLoopback } from '../../meant-host.ts'
import { EscCommand } from '../framework/command.ts'
import { boolean, text } from '../framework/flags.ts'
import { readAddress } from '../framework/serve-address.ts'
import { serveStore } from '../framework/serve-store.ts'
import { serverLog } from '../framework/server-log.ts'
import { openSession } from '../framework/session.ts'
import { openBrowser } from '../terminal/index.ts'

const flags = {
  listen: text({
    description: 'address and port of this machine to listen on (default: 127.0.0.1:0, a free port)',
    value: 'address:port',
  }),
  'no-open': boolean({ description: 'print the link, and open no browser' }),
}

export default class Ui extends EscCommand<void, typeof flags> {
  static override id = 'ui'
  static override summary = 'Open the web console of this store in the browser.'
  static override description =
    `Starts a server that only this machine can reach, prints a link that signs you in once, and opens it in the browser. In the console you can view and edit
environments, rotate secrets, schedule rotations and roll back, with the same permissions as here. Ctrl-C stops the server and signs you out.`
  static override examples = [
    { description: 'Open the console', command: 'esc ui' },
    { description: 'Print the link alone', command: 'esc ui --no-open --listen 127.0.0.1:0' },
  ]
  static override flags = flags

  async run(): Promise<void> {
    const address = readAddress(this.flags.listen ?? '127.0.0.1:0')
    if (!isLoopback(address.host)) {
      throw new EscError('usage', `--listen ${address.host} is reached by other machines`, {
        hint: 'use an address of this machine alone, or "esc server start" with TLS for others',
      })
    }
    const session = openSession(this.io, this.flags)
    const log = serverLog(this.io, 'off')
    await serveStore(
      this.io,
      this.flags,
      { session, records: undefined },
      {
        reach: { ...address, tls: undefined, behindProxy: false, tokenRate: undefined },
        log,
        metrics: undefined,
        scheduler: false,
        person: session.principal().name,
        ready: (_url, link) => {
          this.io.out(`${link}\n`)
          if (!this.flags['no-open']) openBrowser(link ?? '', this.io.env)
        },
      },
    )
  }

  text(): undefined {}
}
