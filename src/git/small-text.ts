import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync } from 'node:fs'

/** Git refuses a larger `.git` file; a configuration is far smaller. In bytes. */
const mostBytes = 1 << 20

/** Text of a file of git's. Undefined: there is none, or it is no regular file of up to 1 MiB. Never waits, as for a FIFO. */
export function smallText(path: string): string | undefined {
  // An error takes longer to make than a look.
  if (!existsSync(path)) return undefined
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const status = fstatSync(file)
    return status.isFile() && status.size <= mostBytes ? readFileSync(file, 'utf8') : undefined
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
