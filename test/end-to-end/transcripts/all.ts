import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { packageRoot } from '../../cli/commands/esc.ts'
import { playTranscript, playTranscripts } from './play.ts'
import { type PageStage, STAGES } from './stages.ts'

/** A transcript that is kept, and how it comes out now. */
export interface KeptTranscript {
  readonly file: string
  /** The text of the file. */
  readonly kept: string
  /** What it needs beside the built program. */
  readonly stage?: PageStage
  /** The same with the transcript in it made anew. */
  play(): Promise<string>
}

const here = dirname(fileURLToPath(import.meta.url))
/** Commands that come first and that no reader needs to see. Each must succeed. */
const before = /<!-- npm run transcript: before\n([\s\S]*?)\n-->\n/
/**
 * A transcript, or a file that is written before the next one. A fence of four marks holds output
 * that has fences itself.
 */
const marked = /(<!-- npm run transcript(?:: file (\S+))? -->\n(`{3,})[a-z]+\n)([\s\S]*?)(\n\3\n)/g

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
    const parts = [...kept.matchAll(marked)].map(([, , name, , text = '']) =>
      name === undefined ? text : { name, text },
    )
    if (parts.length === 0) return []
    const stage = STAGES[page]
    const play = async () => {
      const set = await stage?.set?.()
      try {
        const played = await playTranscripts(parts, { ...set, before: before.exec(kept)?.[1] ?? '' })
        return kept.replace(marked, (whole, begin, name, ___, ____, end) =>
          name === undefined ? begin + played.shift()?.trimEnd() + end : whole,
        )
      } finally {
        await set?.strike()
      }
    }
    return [{ file, kept, play, ...(stage !== undefined && { stage }) }]
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
