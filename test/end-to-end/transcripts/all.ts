import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { packageRoot } from '../../cli/commands/esc.ts'
import { playTranscript, playTranscripts } from './play.ts'

/** A transcript that is kept, and how it comes out now. */
export interface KeptTranscript {
  readonly file: string
  /** The text of the file. */
  readonly kept: string
  /** The same with the transcript in it made anew. */
  play(): Promise<string>
}

const here = dirname(fileURLToPath(import.meta.url))
/** A fence of four marks holds output that has fences itself. */
const marked = /(<!-- npm run transcript -->\n(`{3,})console\n)([\s\S]*?)(\n\2\n)/g

/**
 * Every page with transcripts, the README among them. Those of one page are one session: what the
 * first has made is there in the second.
 */
export function pageTranscripts(): readonly KeptTranscript[] {
  const pages = readdirSync(join(packageRoot, 'docs'), { recursive: true, encoding: 'utf8' }).filter((each) =>
    each.endsWith('.md'),
  )
  return ['README.md', ...pages.sort().map((page) => join('docs', page))].flatMap((page) => {
    const file = join(packageRoot, page)
    const kept = readFileSync(file, 'utf8')
    const transcripts = [...kept.matchAll(marked)].map(([, , , transcript]) => transcript as string)
    if (transcripts.length === 0) return []
    const play = async () => {
      const played = await playTranscripts(transcripts)
      return kept.replace(marked, (_, begin, __, ___, end) => begin + played.shift()?.trimEnd() + end)
    }
    return [{ file, kept, play }]
  })
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
