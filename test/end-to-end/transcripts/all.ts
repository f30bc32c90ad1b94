import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { packageRoot } from '../../cli/commands/esc.ts'
import { playTranscript } from './play.ts'

/** A transcript that is kept, and how it comes out now. */
export interface KeptTranscript {
  readonly file: string
  /** The text of the file. */
  readonly kept: string
  /** The same with the transcript in it made anew. */
  play(): Promise<string>
}

const here = dirname(fileURLToPath(import.meta.url))
const readme = /(<!-- npm run transcript -->\n```console\n)([\s\S]*?)(```\n)/

export function readmeTranscript(): KeptTranscript {
  const file = join(packageRoot, 'README.md')
  const kept = readFileSync(file, 'utf8')
  const [, , transcript] = readme.exec(kept) ?? []
  if (transcript === undefined) throw new Error('README.md has no transcript')
  return {
    file,
    kept,
    play: async () => {
      const played = await playTranscript(transcript)
      return kept.replace(readme, (_, begin, __, end) => `${begin}${played}${end}`)
    },
  }
}

/** The walk of a new user, with a service whose tokens are rotated and that is down at first. */
export function newUserTranscript(): KeptTranscript {
  const file = join(here, 'new-user.txt')
  const kept = readFileSync(file, 'utf8')
  return { file, kept, play: () => playWithService(kept) }
}

interface Service {
  readonly url: string
  readonly adminToken: string
  before: () => void
  start(): Promise<Service>
  stop(): Promise<void>
}

async function playWithService(transcript: string): Promise<string> {
  const fixture = join(packageRoot, 'test', 'fixtures', 'esc-rotator-example')
  const module: { readonly ExampleService: new () => Service } = await import(
    pathToFileURL(join(fixture, 'service.js')).href
  )
  const service = await new module.ExampleService().start()
  const goDown = () => {
    service.before = () => {
      throw new Error('down')
    }
  }
  const comeBack = () => {
    service.before = () => {}
  }
  try {
    return await playTranscript(transcript, {
      prepare: (folder) => {
        mkdirSync(join(folder, 'node_modules'))
        cpSync(fixture, join(folder, 'node_modules', 'esc-rotator-example'), { recursive: true })
        cpSync(packageRoot, join(folder, 'node_modules', '@gitesc', 'cli'), {
          recursive: true,
          filter: (path) => /^(\/(package\.json|dist(\/plugin\.js)?))?$/.test(path.slice(packageRoot.length)),
        })
        writeFileSync(join(folder, 'shop.yaml'), definition(service))
      },
      happenings: { 'The service of the shop is down.': goDown, 'The service is back.': comeBack },
      replaced: { [service.url]: 'http://127.0.0.1:8080', UND_ERR_SOCKET: 'ECONNRESET' },
    })
  } finally {
    await service.stop()
  }
}

function definition({ url, adminToken }: Service): string {
  return `values:
  token:
    fn::rotate::password:
      inputs: {length: 24}
  api:
    fn::rotate::example-token:
      inputs:
        url: ${url}
        adminToken: {fn::secret: ${adminToken}}
`
}
