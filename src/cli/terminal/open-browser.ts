import { spawn } from 'node:child_process'
import { childEnvironment, type Variables } from '../../child-environment.ts'

/** The programs that open a URL as the user has set it up, by system. */
const openers: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/**
 * Opens a URL in the browser of the user. Nobody waits for it: where there is none, the URL that
 * was printed is enough.
 */
export function openBrowser(url: string, env: Variables): void {
  const [program, ...words] = openers[process.platform] ?? ['xdg-open']
  const child = spawn(program, [...words, url], { stdio: 'ignore', detached: true, env: childEnvironment(env) })
  child.on('error', () => {})
  child.unref()
}
