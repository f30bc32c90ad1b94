import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync } from 'node:fs'

/**
 * Size limit in bytes. Git refuses a larger `.git` file; configurations and
 * `package.json` are far smaller.
 */
const mostBytes = 1 << 20

/**
 * Text of a file that others wrote. Undefined: it is missing, unreadable, or no regular file of up
 * to 1 MiB. Never waits, as for a pipe.
 */
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
