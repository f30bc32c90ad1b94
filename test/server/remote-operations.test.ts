import { expect } from 'chai'
import { EscError } from '../../src/errors.ts'
import { formatJson } from '../../src/json.ts'
import { inputDecoder, Session, toWire } from '../../src/operations/index.ts'
import { dataOfInput } from '../../src/operations/servers/input-data.ts'
import { fromWire } from '../../src/operations/servers/wire.ts'
import { parseJson } from '../../src/read-json.ts'
import { remoteOperations } from '../../src/server/routes/remote-operations.ts'
import { operations } from '../operations/every-operation.ts'
import { SampleStore } from '../operations/sample-store.ts'
import { samples } from '../operations/samples.ts'

function withoutFunctions(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).filter(([, each]) => typeof each !== 'function' && each !== undefined),
  )
}

/** As a server reads it. Places of references are compared by what they name. */
function named(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, each) => (key === 'typed' || key === 'environment' ? undefined : each)) ?? 'null',
  )
}

/**
 * Operations for the machine of the store alone, or for its other routes. A new operation is put
 * here, or into `remote-operations.ts`.
 */
const onlyHere = `
  accept-trust analyze-definition change-secrets-provider change-store-secrets-provider check-readiness
  check-store check-text check-variables claim-scheduler deliver-webhooks deselect-environment
  edit-definition encrypt-for-definition export-pulumi-stack export-store-to-folder get-scheduler-look
  get-scheduler-settings get-status grant-token import-environments import-store-into-database
  import-values init-issuer install-scan-hook issue-token list-environments-to-renumber
  list-names-within list-references-to-key list-unfinished-rotations locate-definition note-scheduler-look open-draft
  open-text plan-prune plan-trust-setup prepare-webhook-deliveries prune-environment publish-issuer
  record-agent-call renumber-environment request-access require-known restore-working-definition
  review-trust rewrap-key rewrap-keys rotate-signing-key run-due-schedule save-working-definition
  scan-secrets select-environment send-webhook-delivery set-login-provider set-value show-store-status
  trust-key trust-keys verify-identity`
  .trim()
  .split(/\s+/)

describe('operations through a server', function () {
  this.timeout(60_000)
  let template: SampleStore
  let store: SampleStore

  before(async () => {
    template = await SampleStore.make()
  })
  beforeEach(() => {
    store = template.copy()
  })
  afterEach(() => store.remove())
  after(() => template.remove())

  it('are all that are not for the machine of the store alone', () => {
    const all = operations.map(({ name }) => name).sort()
    expect([...remoteOperations.keys(), ...onlyHere].sort()).to.deep.equal(all)
  })

  for (const [name, { operation, use }] of remoteOperations)
    it(`carry the input and the result of ${name}`, async () => {
      const sample = samples[name] ?? {}
      await sample.before?.(store)
      const workspace = store.workspace('ada@example.com')
      const input = sample.input?.(workspace, store)
      const unfit = () => new EscError('unsupported', 'unfit')
      const data = await dataOfInput(operation as never, input, unfit)
      const decoder = await inputDecoder(operation as never)
      if (decoder === undefined) expect(data).to.equal(undefined)
      else {
        const sent = data === undefined ? undefined : JSON.parse(formatJson(parseJson(formatJson(data))))
        const [read, wanted] = [named(decoder.decode(sent)), named(withoutFunctions(input))]
        if (Array.isArray(wanted)) expect(read).to.deep.equal(wanted)
        // What is left out has its default.
        else expect(read).to.deep.include(wanted as object)
      }
      if (sample.elsewhere !== undefined) return
      const subject = operation.about === 'store' ? undefined : workspace.reference(sample.subject ?? 'app/dev')
      const given = use.own === undefined ? input : { ...(input as object), ...use.own }
      const { result, notices } = await new Session(workspace).perform(
        operation as never,
        subject as never,
        given as never,
      )
      for (const value of [result, notices]) {
        const wire = toWire(value)
        expect(toWire(fromWire(JSON.parse(JSON.stringify(wire))))).to.deep.equal(wire)
      }
    })
})
