import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Removes the revisions after number `left` of an environment. */
export function cutTo(environment: string, left: number): void {
  const revisions = join(environment, 'revisions')
  for (const file of readdirSync(revisions)) if (Number.parseInt(file, 10) > left) rmSync(join(revisions, file))
  const newest = join(revisions, `${left}.yaml`)
  const text = existsSync(newest) ? readFileSync(newest, 'utf8') : ''
  writeFileSync(join(environment, 'environment.yaml'), text.slice(text.indexOf('\n---\n') + 5))
}
