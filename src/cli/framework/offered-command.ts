import {
  type Offered,
  type OfferedKind,
  offered,
  offeredNamed,
  type SchemaRow,
  schemaRows,
} from '../../operations/index.ts'
import { tableFor } from '../terminal/index.ts'
import { EscCommand, OUTPUT_FLAG } from './command.ts'
import { text } from './flags.ts'
import { sessionRequest } from './session.ts'

const flags = {
  schema: text({ description: 'show inputs, outputs and an example of one', value: 'name' }),
  ...OUTPUT_FLAG,
}

/** Lists what definitions can name, or shows one of it. */
export abstract class OfferedCommand extends EscCommand<readonly Offered[], typeof flags> {
  static override flags = flags

  abstract readonly kind: OfferedKind

  async run(): Promise<readonly Offered[]> {
    const request = sessionRequest(this.io, this.flags)
    const { schema } = this.flags
    return schema === undefined ? offered(request, this.kind) : [await offeredNamed(request, this.kind, schema)]
  }

  text(all: readonly Offered[]): string {
    const [first] = all
    if (this.flags.schema !== undefined && first !== undefined) return this.#details(first)
    const rows = all.map(({ name, description, from }) => [name, from, description])
    return tableFor(this.io, [this.kind, 'from', 'description'], rows)
  }

  override json(all: readonly Offered[]): unknown {
    return this.flags.schema === undefined ? { [`${this.kind}s`]: all } : all[0]
  }

  #details({ name, description, inputs, outputs, state, example }: Offered): string {
    const types = [
      ['Inputs', inputs],
      ['Outputs', outputs],
      ...(state === undefined ? [] : [['State', state] as const]),
    ] as const
    const tables = types.map(([title, schema]) => {
      const rows = schemaRows(schema)
      return `${title}:\n${rows.length === 0 ? 'whatever it is given\n' : this.#table(rows)}`
    })
    const used = example === undefined ? [] : [`Example:\n${example}`]
    return [`${name}: ${description}\n`, ...tables, ...used].join('\n')
  }

  #table(rows: readonly SchemaRow[]): string {
    const cells = rows.map(({ path, type, required, secret, notes }) => [
      path,
      secret ? `${type}, secret` : type,
      required ? 'yes' : '',
      notes.join('; '),
    ])
    return tableFor(this.io, ['name', 'type', 'required', 'notes'], cells)
  }
}
