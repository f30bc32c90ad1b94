import { type ZodType, z } from 'zod'

/**
 * The JSON that each command prints with `--output json`: the reference (docs/json.md) is made of
 * it, and every test that runs a command with `--output json` compares with it. An object has no
 * other members than these.
 */

const object = z.strictObject
const text = () => z.string()
const texts = () => z.array(z.string())
const number = () => z.number()
const flag = () => z.boolean()
const time = () => z.string().describe('RFC 3339')
const environment = () => z.string().describe('full name: organization/project/environment')
const name = () => z.string().describe('project/environment')
const anything = () => z.unknown()

const saved = {
  revision: number().describe('the newest revision'),
  changed: flag().describe('false: everything was there already, and no revision was made'),
}
const draft = object({
  kind: z.enum(['created', 'updated']),
  id: text().describe('the git branch'),
  url: text().describe('where to ask for a review; empty when not known'),
})
const drafted = { ...saved, draft: draft.optional() }

const powers = z.array(object({ kind: text(), value: text() }).catchall(anything()))
const asked = {
  store: text(),
  digest: text().describe('for ESC_TRUST'),
  trusted: flag(),
  accepted: z.string().nullable().describe('when it was allowed last'),
  powers,
  added: powers.describe('not allowed yet'),
  removed: powers.describe('allowed, and not asked for any more'),
  problems: z.array(anything()),
}

const remedies = z.array(z.record(z.string(), anything()))

const diagnostic = object({
  severity: z.enum(['error', 'warning']),
  summary: text(),
  path: text(),
  range: anything().optional(),
  hint: anything().optional(),
  remedies: remedies.optional(),
  noticedAt: anything().optional(),
  cause: text().optional(),
})

const event = object({
  id: text(),
  environmentId: text(),
  created: time(),
  completed: time().optional(),
  userID: text().optional(),
  preRotationRevision: number(),
  postRotationRevision: number().optional(),
  status: z.enum(['succeeded', 'failed', 'partial', 'in_progress']),
  errorMessage: text().optional(),
  rotations: z.array(
    object({
      id: text(),
      environmentPath: text(),
      status: text(),
      errorMessage: text().optional(),
      errorHint: anything().optional(),
      credential: anything().optional(),
    }),
  ),
}).catchall(anything())

const rotatedPath = object({
  path: text(),
  rotator: text().optional(),
  status: text(),
  notes: texts(),
  steps: z
    .array(object({ action: text(), what: text() }).catchall(anything()))
    .optional()
    .describe('with --plan'),
  checks: z.array(anything()).optional().describe('of the doctor'),
  error: text().optional(),
  hint: text().optional(),
}).catchall(anything())

const rotation = object({
  status: text(),
  id: text().optional(),
  revision: number().optional().describe('the new revision, when there is one'),
  paths: z.array(rotatedPath),
  warnings: texts(),
  diagnostics: z.array(diagnostic),
  secretRotationEvent: event.optional(),
}).catchall(anything())

const schedule = {
  id: text(),
  kind: text(),
  schedule: text().describe('cron, or a time'),
  timezone: text().optional(),
  paused: flag(),
  nextExecution: text().describe('a time, or never'),
  lastExecuted: text().describe('a time, or never'),
  overdueSince: time().optional(),
  problem: text().optional(),
}
const scheduleChange = object({ id: text(), environment: environment() })

const token = {
  id: text(),
  admin: flag(),
  level: z.string().nullable(),
  environments: texts(),
  user: text(),
  name: text(),
  organization: text(),
  createdBy: text(),
  created: time(),
  expires: time().nullable(),
  lastUsed: time().nullable(),
  replacedBy: text().optional(),
}

const editor = {
  modified: time().optional(),
  editorLogin: text().optional(),
  editorName: text().optional(),
}
const environmentTag = object({ name: text(), value: text(), ...editor })
const revisionTag = object({ name: text(), revision: number(), ...editor })
const revision = object({
  number: number(),
  created: time(),
  creatorLogin: text(),
  creatorName: text(),
  change: text(),
  rotated: texts().optional(),
  tags: texts().nullable(),
  retracted: object({
    replacement: number(),
    at: time().optional(),
    byLogin: text().optional(),
    byName: text().optional(),
    reason: text().optional(),
  }).optional(),
})

const webhookSummary = {
  name: text(),
  displayName: text(),
  payloadUrl: text(),
  active: flag(),
  format: text(),
}
const delivery = object({
  id: text(),
  kind: text(),
  timestamp: time(),
  responseCode: number().describe('0: no answer'),
  duration: number().describe('milliseconds'),
  state: text(),
  attempts: number(),
  error: text().optional(),
})

const offered = object({
  name: text(),
  description: text(),
  from: text().describe('built-in, or the plugin'),
  inputs: anything(),
  outputs: anything(),
  state: anything().optional(),
  example: text().optional(),
})

const configEntry = object({
  value: text().optional().describe('absent for a secret that is not shown'),
  objectValue: anything().optional().describe('the value, when it is not text'),
  secret: flag(),
  unknown: flag().optional(),
})

const imported = object({
  environment: name(),
  revision: number(),
  secrets: texts().describe('paths that were encrypted'),
  plain: texts(),
  replaced: texts().describe('paths that the definition had before'),
  planned: z.literal(true).optional().describe('with --dry-run'),
  imports: texts(),
  warnings: texts(),
})

const exposed = object({
  rotators: z.array(object({ path: text(), rotator: text() })),
  secrets: texts().describe('paths'),
  webhooks: z.array(anything()),
})
const rekeyed = object({
  name: name(),
  status: text(),
  from: text().optional(),
  revisions: number().optional(),
  exposed: exposed.optional().describe('what those with the former key may know'),
  error: text().optional(),
  hint: text().optional(),
}).catchall(anything())
const rotatedAfter = object({
  name: name(),
  exitCode: number(),
  rotated: texts(),
  failed: z.array(object({ path: text(), error: text(), hint: text().optional() }).catchall(anything())),
}).catchall(anything())
const unfinished = object({
  file: text(),
  store: text().optional(),
  kind: z.enum(['unfinished', 'retire', 'left', 'foreign', 'unreadable']),
  path: text().optional(),
  rotator: text().optional(),
  startedAt: time().optional(),
  revision: number().optional(),
  concerns: z.record(z.string(), anything()).optional(),
  superseded: number().optional(),
  standing: text().optional(),
  movedOnBy: number().optional(),
  problem: text().optional(),
}).catchall(anything())

const finding = object({ severity: z.enum(['error', 'warning', 'note']), problem: text(), file: text() }).catchall(
  anything(),
)
const problem = object({ environment: text(), problem: text(), hint: anything().optional() }).catchall(anything())
const principal = object({ name: text(), from: text() })
const values = anything().describe('the values, or the value at the path')

export const JSON_SHAPES: Readonly<Record<string, ZodType>> = {
  'access:add': object({
    principal: text(),
    recipient: text(),
    lists: texts(),
    lock: texts(),
    already: texts(),
    shared: z.array(object({ name: name(), secretsProvider: text() })),
    others: texts(),
    environments: z.array(rekeyed),
  }).catchall(anything()),
  'access:explain': object({
    environment: text(),
    rules: flag(),
    who: anything(),
    others: z.array(anything()),
    everybody: z.string().nullable(),
    key: anything(),
    unapplied: object({ added: texts(), removed: texts() })
      .optional()
      .describe('recipients by which an edited list differs from who can open'),
  }),
  'access:join': object({ principal: text(), recipient: text(), place: text(), created: flag() }),
  'access:list': object({
    principal,
    store: text(),
    default: z.string().nullable(),
    teams: z.record(z.string(), texts()),
    rules: z.array(anything()).nullable(),
  }),
  'access:remove': object({
    principal: text(),
    recipients: texts(),
    lists: texts(),
    rules: flag(),
    rekey: texts(),
    shared: z.array(anything()),
    known: z.array(object({ name: name(), exposed })),
    owed: texts(),
    environments: z.array(rekeyed),
    rotations: z.array(rotatedAfter),
  }).catchall(anything()),
  'audit:log': z.array(
    object({
      timestamp: number().describe('seconds since 1970'),
      time: time(),
      sequence: number(),
      event: text(),
      description: text(),
      result: text(),
      environment: text().optional(),
      user: text(),
      userFrom: text().optional(),
      host: text().optional(),
      process: number().optional(),
      command: text().optional(),
      terminal: flag().optional(),
      previous: text(),
      details: z.record(z.string(), anything()).optional(),
    }).catchall(anything()),
  ),
  'audit:verify': object({
    lines: number(),
    heads: z.array(object({ log: text(), sequence: number(), digest: text() })),
    anchored: texts(),
    findings: z.array(anything()),
  }),
  check: object({
    environments: number(),
    revisions: number(),
    unverified: texts().describe('environments whose keys are not at hand'),
    state: text(),
    findings: z.array(finding),
    fixed: z.array(finding),
  }),
  config: z.record(z.string(), configEntry),
  'config:cp': object({
    from: name(),
    to: name(),
    values: texts(),
    added: texts(),
    replaced: texts(),
    notCopied: texts(),
    keptCredentials: texts(),
    imports: texts(),
    withoutCredential: texts(),
    revision: number().nullable(),
    changed: flag(),
    planned: flag().optional().describe('true with --plan'),
  }),
  'config:env:add': object({ ...saved, imports: texts() }),
  'config:env:ls': texts(),
  'config:env:rm': object({ ...saved, imports: texts() }),
  'config:get': configEntry,
  'config:rm': object({ ...saved, missing: texts() }),
  'config:rm-all': object({ ...saved, missing: texts() }),
  'config:set': object(saved),
  'config:set-all': object(saved),
  'env:apply': object({
    saved: flag().describe('false: with --plan, or when one has errors'),
    environments: z.array(
      object({
        name: name(),
        status: z.enum(['created', 'updated', 'unchanged', 'failed']),
        revision: number().nullable(),
        error: text().optional(),
      }),
    ),
  }),
  'env:change-secrets-provider': object({
    secretsProvider: text(),
    environments: z.array(rekeyed),
    isDefault: flag().describe('with --all: new environments use it, too'),
    rotations: z.array(rotatedAfter).describe('with --rotate'),
  }),
  'env:clone': object({
    from: environment(),
    to: environment(),
    withoutCredential: texts().describe('rotators that were copied without their credential'),
  }),
  'env:diff': object({ from: text(), to: text(), value: text(), definition: text() }),
  'env:discard': object({ environment: name(), discarded: flag() }),
  'env:edit': object({
    revision: number().nullable(),
    changed: flag(),
    aborted: flag(),
    draft: draft.optional(),
  }),
  'env:get': z.union([
    object({
      value: anything().describe('secrets as [secret] without --show-secrets'),
      definition: z.string().nullable().describe('YAML'),
      definedAt: texts().describe('environment:line:column'),
      imports: z.array(object({ name: text(), revision: number() })),
    }),
    object({ definition: z.string().nullable() }).describe('with --definition'),
    z.unknown().describe('several environments: an object with a member for each; with --value: the value'),
  ]),
  'env:graph': object({
    roots: texts(),
    environments: z.array(anything()),
    links: z.array(anything()),
    cycles: z.array(anything()),
  }),
  'env:import:1password': imported,
  'env:import:doppler': imported,
  'env:import:dotenv': imported,
  'env:import:infisical': imported,
  'env:import:json': imported,
  'env:import:pulumi': imported,
  'env:import:sops': imported,
  'env:import:vault': imported,
  'env:import:yaml': imported,
  'env:init': object({
    environment: environment(),
    revision: number(),
    withoutCredential: texts().describe('rotators that were copied without their credential'),
  }),
  'env:ls': object({ environments: texts(), hidden: number().optional() }).catchall(anything()),
  'env:open': values,
  'env:open-request': object({ changeRequestId: text() }),
  'env:provider:aws-login:oidc': object({ ...drafted, created: text().optional() }),
  'env:provider:aws-login:static': object({ ...drafted, created: text().optional() }),
  'env:provider:azure-login:oidc': object({ ...drafted, created: text().optional() }),
  'env:provider:azure-login:static': object({ ...drafted, created: text().optional() }),
  'env:provider:gcp-login:oidc': object({ ...drafted, created: text().optional() }),
  'env:provider:gcp-login:static': object({ ...drafted, created: text().optional() }),
  'env:prune': object({
    name: name(),
    packed: object({ first: number(), last: number() }).nullable(),
    archives: texts(),
    newest: number(),
    before: number().describe('bytes'),
    after: number().describe('bytes'),
    verified: flag(),
    raisesFormat: flag(),
  }).catchall(anything()),
  'env:referrer:list': object({ referrers: z.record(z.string(), z.array(anything())) }),
  'env:renumber': z.array(object({ name: name() }).catchall(anything())),
  'env:restore': z.union([
    object({
      removed: z
        .array(object({ name: name(), id: text(), removed: time(), by: text().optional() }))
        .describe('those that can be restored'),
    }),
    object({ name: name(), revision: number() }),
  ]),
  'env:rewrap': z.array(
    object({
      name: name(),
      status: text(),
      from: text().optional(),
      to: text().optional(),
      code: text().optional(),
      error: text().optional(),
      hint: text().optional(),
    }),
  ),
  'env:rm': z.union([object({ removed: environment() }), object(saved)]),
  'env:rm-all': object({ ...saved, missing: texts().describe('paths at which there was nothing') }),
  'env:rotate': rotation,
  'env:rotate:doctor': rotation,
  'env:rotate:history': z.union([
    object({ events: z.array(event) }),
    object({ credentials: z.array(anything()) }).catchall(anything()),
  ]),
  'env:rotate:journal': z.union([
    object({ records: z.array(unfinished) }),
    object({
      forgotten: object({
        record: unfinished,
        kept: text().describe('the file'),
        credential: anything().optional().describe('with --show-secrets'),
      }),
    }),
    object({ retargeted: object({ path: text(), note: text() }) }),
  ]),
  'env:rotators': object({
    rotators: z.array(
      object({
        environment: name(),
        path: text(),
        rotator: text(),
        lastResult: z.string().nullable(),
        error: z.string().nullable(),
        credentials: text(),
        unfinished: flag(),
        lastRotated: time().nullable(),
        ageSeconds: number().nullable(),
        lastAttempt: time().nullable(),
        nextRun: time().nullable(),
      }).catchall(anything()),
    ),
    unreadable: z.array(anything()),
  }),
  'env:save': object({ environment: name(), ...saved }),
  'env:schedule:edit': scheduleChange,
  'env:schedule:get': object({ ...schedule, nextExecutions: texts().optional() }),
  'env:schedule:history': object({
    events: z.array(object({ id: text(), executed: time(), version: anything(), result: text() }).catchall(anything())),
  }),
  'env:schedule:list': object({ schedules: z.array(object(schedule)) }),
  'env:schedule:new': scheduleChange,
  'env:schedule:pause': scheduleChange,
  'env:schedule:remove': scheduleChange,
  'env:schedule:resume': scheduleChange,
  'env:schema': z.record(z.string(), anything()).describe('a JSON Schema; with --out: {"file": …}'),
  'env:set': object(drafted),
  'env:set-all': object(saved),
  'env:settings:get': object({ 'deletion-protected': flag() }),
  'env:settings:set': object({ 'deletion-protected': flag() }),
  'env:status': object({
    environments: z.array(
      object({
        name: name(),
        revision: number(),
        state: z.enum(['clean', 'stale', 'edited']),
        overdueSince: time().optional(),
      }),
    ),
    problems: z.array(problem).optional(),
  }),
  'env:tag': environmentTag,
  'env:tag:get': environmentTag,
  'env:tag:ls': object({ tags: z.array(environmentTag) }),
  'env:tag:mv': environmentTag,
  'env:tag:rm': object({ removed: text() }),
  'env:trust': z.union([
    object({
      environment: name(),
      replaced: flag(),
      key: z.record(z.string(), anything()),
      differences: z.array(anything()),
      revision: number(),
      accepted: flag(),
    }).catchall(anything()),
    object({
      changes: z.array(object({ commit: anything(), accepted: flag() }).catchall(anything())).describe('with --all'),
      failed: z.array(anything()),
    }),
  ]),
  'env:version': z.union([object({ revision }), object({ tag: revisionTag })]),
  'env:version:history': object({ revisions: z.array(revision) }),
  'env:version:retract': object({ environment: name(), retracted: text().describe('the version, as it was given') }),
  'env:version:rollback': object(drafted),
  'env:version:tag': object({ environment: name(), tag: text() }),
  'env:version:tag:ls': object({ tags: z.array(revisionTag) }),
  'env:version:tag:rm': object({ environment: name(), removed: text() }),
  'env:webhook:deliver': object({ delivered: number(), failed: number(), waiting: number() }),
  'env:webhook:delivery:list': object({ deliveries: z.array(delivery) }),
  'env:webhook:delivery:redeliver': delivery,
  'env:webhook:edit': object({ name: text(), environment: environment() }),
  'env:webhook:get': object({
    ...webhookSummary,
    events: texts().optional(),
    eventGroups: texts().optional(),
    hasSecret: flag(),
    headers: texts().optional(),
    template: text().optional(),
  }),
  'env:webhook:list': object({ webhooks: z.array(object(webhookSummary)) }),
  'env:webhook:new': object({ name: text(), environment: environment() }),
  'env:webhook:ping': delivery,
  'env:webhook:rm': object({ removed: text(), environment: environment() }),
  'export:pulumi': object({ file: text(), added: texts(), replaced: texts(), unchanged: texts() }).catchall(anything()),
  'import:esc-cloud': object({
    url: text(),
    organization: text(),
    missing: texts(),
    environments: z.array(
      object({
        kind: text(),
        name: name(),
        source: text().optional(),
        revisions: number().optional(),
        error: object({ code: text(), message: text() }).catchall(anything()).optional(),
      }).catchall(anything()),
    ),
  }).catchall(anything()),
  init: object({ folder: text() }),
  login: object({
    store: z.string().nullable(),
    organization: text().optional(),
    user: text().optional(),
    principal: principal.optional(),
  }).catchall(anything()),
  logout: object({ stores: texts() }),
  'oidc:init': object({ issuer: z.string().nullable(), key: text(), isNewKey: flag() }),
  'oidc:jwks': object({ keys: z.array(z.record(z.string(), anything())) }),
  'oidc:publish': object({ issuer: text(), files: texts(), keys: texts(), removed: texts() }),
  'oidc:rotate-key': object({ current: text(), next: text().optional(), retired: z.array(anything()) }).catchall(
    anything(),
  ),
  'oidc:token': z.union([
    object({ from: text(), claims: z.record(z.string(), anything()) }),
    object({ token: text() }).catchall(anything()),
  ]),
  open: values,
  providers: z.union([object({ providers: z.array(offered) }), offered]),
  rotators: z.union([object({ rotators: z.array(offered) }), offered]),
  scan: z.union([
    object({
      findings: z.array(
        object({
          file: text(),
          line: number(),
          commit: text().optional(),
          secret: z.record(z.string(), anything()).describe('where the secret is stored, never the secret'),
        }),
      ),
      looked: number().describe('files, or changed places'),
      environments: number(),
      skipped: z.array(object({ environment: name(), reason: text() })),
    }),
    object({ hook: text() }),
  ]),
  'scheduler:tick': object({
    runs: z.array(z.record(z.string(), anything())),
    problems: texts(),
    notes: texts().optional(),
    overdue: z.array(object({ environment: name(), due: time() })).optional(),
    unreadable: z.array(problem).optional(),
    locked: z.unknown().optional(),
    heldBy: z.unknown().optional(),
  }),
  select: object({ selected: z.string().nullable() }).catchall(anything()),
  'server:export': object({ environments: number(), revisions: number(), bytes: number() }),
  'server:import': object({ environments: number(), revisions: number(), bytes: number() }),
  'server:token:create': object({ token: text().describe('the token, this once'), ...token }),
  'server:token:list': object({ tokens: z.array(object(token)) }),
  'server:token:revoke': object(token),
  'server:token:rotate': object({ token: text().describe('the new token, this once'), ...token }),
  setup: object({
    issuer: text(),
    audience: text(),
    subject: text(),
    commands: z.array(object({ title: text(), command: text() }).catchall(anything())),
  }).catchall(anything()),
  status: z.union([
    object({
      folder: text(),
      state: text().describe('the folder that this machine keeps about the store'),
      organization: text(),
      chosen: text().describe('why this store'),
      author: object({ name: text(), email: text().optional() }),
      selected: z.string().nullable(),
      environments: number(),
      unsaved: z.array(object({ name: name(), state: text() }).catchall(anything())),
      unfinished: texts(),
      overdue: z.array(object({ environment: name(), due: time() })).optional(),
      problems: z.array(problem).optional(),
      locked: texts().optional().describe('environments whose key this machine does not have'),
    }),
    object({
      server: text(),
      chosen: text(),
      organization: text(),
      user: text(),
      selected: z.string().nullable(),
      environments: number(),
    }),
  ]),
  trust: object({ ...asked, changed: flag() }),
  'trust:folder': object({
    file: text(),
    store: z.string().nullable(),
    environment: z.string().nullable(),
    allowed: flag(),
  }),
  'trust:list': object({
    stores: z.array(object({ store: text(), accepted: z.string().nullable(), powers, digest: text() })),
  }),
  'trust:revoke': object({ stores: texts() }),
  'trust:show': object(asked),
  version: object({ version: text() }),
  whoami: object({ user: text(), organization: text(), store: text().describe('a file URL, or that of a server') }),
}

/** What any command prints instead when it fails. */
export const JSON_ERROR = object({
  error: object({
    code: text().describe('see errors.md'),
    message: text(),
    hint: text().optional(),
    remedies: remedies.optional(),
    diagnostics: z
      .array(
        object({
          severity: z.enum(['error', 'warning']),
          summary: text(),
          environment: text().optional(),
          line: number().optional(),
          column: number().optional(),
          path: text().optional(),
          hint: text().optional(),
        }),
      )
      .optional(),
  }),
})
