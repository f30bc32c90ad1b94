import {
  type EnvironmentGraph,
  environmentGraph,
  expandReferences,
  namesSeveral,
  type Session,
} from '../../../operations/index.ts'
import { type Diagram, dotText, mermaidText, svgText, treeText } from '../../diagram/index.ts'
import { ENV_FLAGS, EscCommand, OUTPUT_FLAG } from '../../framework/command.ts'
import { choice } from '../../framework/flags.ts'
import { openSession, openTarget } from '../../framework/session.ts'
import { bold, hasColour, red, toJsonText } from '../../terminal/index.ts'

const flags = {
  format: choice({
    description: 'what to print: a tree of text, JSON, or a drawing as Mermaid, Graphviz or SVG',
    char: 'f',
    options: ['text', 'json', 'mermaid', 'dot', 'svg'],
    default: 'text',
  }),
  ...OUTPUT_FLAG,
}

export default class EnvGraph extends EscCommand<EnvironmentGraph, typeof flags> {
  static override id = 'env:graph'
  static override summary = 'Show imports, references, rotators and providers as a graph.'
  static override description =
    `Shows how environments are connected: their imports, references such as \${environments.project.name}, rotators and
providers. Without an environment, or with "*", shows the whole store. Pinned versions, missing environments and
circular imports are marked. No key is needed: the graph holds names, never values.`
  static override examples = [
    { description: 'What an environment is made of', command: 'esc env graph app/dev' },
    { description: 'A drawing of the whole store', command: 'esc env graph --format svg >store.svg' },
    { description: 'For a page that renders Mermaid', command: "esc env graph 'app/*' --format mermaid" },
  ]
  static override baseFlags = ENV_FLAGS
  static override flags = flags
  static override args = {
    environment: { description: 'the environment, or several such as app/* (default: the whole store)' },
  }
  static override count = { kind: 'atMost', count: 1 } as const

  #svg = ''

  async run(): Promise<EnvironmentGraph> {
    const graph = await this.#graph()
    if (this.flags.format === 'svg') {
      this.#svg = await svgText(diagramOf(graph), `Environments: ${graph.roots.join(', ')}`)
    }
    return graph
  }

  async #graph(): Promise<EnvironmentGraph> {
    const typed = this.flags.env ?? this.positionals[0]
    if (typed !== undefined && !namesSeveral(typed)) {
      const { session, reference } = openTarget(this.io, this.flags, this.positionals)
      return (await session.perform(environmentGraph, undefined, [reference])).result
    }
    const session = openSession(this.io, this.flags)
    const references = typed === undefined || typed === '*' ? [] : await named(session, typed)
    return (await session.perform(environmentGraph, undefined, references)).result
  }

  text(graph: EnvironmentGraph): string {
    const { format } = this.flags
    switch (format) {
      case 'json':
        return toJsonText(this.json(graph))
      case 'mermaid':
        return mermaidText(diagramOf(graph))
      case 'dot':
        return dotText(diagramOf(graph))
      case 'svg':
        return this.#svg
      case 'text':
        return treeText(diagramOf(graph), hasColour(this.io, 'stdout') ? { title: bold, problem: red } : {})
    }
  }
}

async function named(session: Session, typed: string) {
  const { result } = await session.perform(expandReferences, undefined, typed)
  return result.map((each) => session.reference(each))
}

function diagramOf({ roots, environments, links }: EnvironmentGraph): Diagram {
  const missing = new Set(environments.filter(({ revision }) => revision === undefined).map(({ id }) => id))
  return {
    roots,
    nodes: environments.map(({ id, name, revision, problem, rotators, providers }) => ({
      id,
      title: `${revision === undefined ? id : `${name} (revision ${revision})`}${problem === undefined ? '' : `: ${problem}`}`,
      lines: [
        ...rotators.map(({ path, rotator }) => `rotates ${path || 'values'} (${rotator ?? 'unknown rotator'})`),
        ...providers.map(({ path, provider }) => `opens ${path || 'values'} (${provider ?? 'unknown provider'})`),
      ],
      tone: problem === undefined ? 'plain' : 'problem',
    })),
    links: links.map(({ from, to, kind, version, merge, forRotators, cyclic }) => ({
      from,
      to,
      verb: kind === 'import' ? 'imports' : 'refers to',
      line: kind === 'import' ? 'solid' : 'dashed',
      note: [
        // What is missing is called by the version that was asked for.
        ...(version === 'latest' || missing.has(to) ? [] : [`@${version}`]),
        ...(merge === false ? ['not merged'] : []),
        ...(forRotators.length === 0 ? [] : [`for ${forRotators.join(', ')}`]),
      ].join(', '),
      tone: cyclic ? 'problem' : 'plain',
    })),
  }
}
