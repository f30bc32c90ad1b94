import { z } from '@hono/zod-openapi'

// The types of the answers, as the document of the API names them. Answers are not checked against
// them while the server runs: test/server/document.test.ts does that.

const time = z.string().openapi({ format: 'date-time', example: '2026-11-30T18:00:00.000Z' })
/** Empty where something has never been, or never will be. */
const timeOrNever = z.string().openapi({ example: '2026-11-30T18:00:00.000Z' })
const revision = z.number().int().min(1).openapi({ example: 3 })

const position = z
  .strictObject({
    line: z.number().int().openapi({ description: 'From 1' }),
    column: z.number().int().openapi({ description: 'From 1' }),
    byte: z.number().int().openapi({ description: 'From 0' }),
  })
  .openapi('Position')

/** A definition, as its YAML is parsed. */
export const definitionBodySchema = z
  .looseObject({
    imports: z.array(z.any()).optional(),
    values: z.record(z.string(), z.any()).optional(),
  })
  .openapi('Definition', { example: { values: { host: 'db.example.com' } } })

/** An empty definition is parsed as null. */
export const savedDefinitionSchema = z.union([definitionBodySchema, z.null()])

const range = z
  .strictObject({
    environment: z.string().openapi({ description: '`project/environment`; `<yaml>` for a text of none' }),
    begin: position,
    end: position,
  })
  .openapi('Range')

export const diagnosticSchema = z
  .strictObject({
    range: range.optional(),
    summary: z.string().openapi({ example: 'unknown property "nope"' }),
    path: z.string().optional().openapi({ example: 'values.database' }),
  })
  .openapi('Diagnostic')

/** `value` is JSON in which every member and element is such a value again. */
export const valueSchema = z
  .strictObject({
    value: z.any().openapi({
      description: 'Null, a boolean, a number, a text, a list of Values, or an object whose members are Values',
      // A schema that is only optional leaves the member out of those that must be there.
      type: ['null', 'boolean', 'number', 'string', 'array', 'object'],
      example: 'db.example.com',
    }),
    secret: z.literal(true).optional(),
    unknown: z.literal(true).optional().openapi({ description: 'Known only once the environment is opened' }),
    trace: z.strictObject({
      def: range,
      base: z.looseObject({}).optional().openapi({ description: 'The Value that this one takes the place of' }),
    }),
  })
  .openapi('Value', { required: ['value', 'trace'] })

const values = z.record(z.string(), valueSchema)
const valueType = z.any().openapi('Schema', { description: 'A JSON schema: `true`, `false` or an object' })

const members = {
  exprs: z.record(z.string(), z.looseObject({})).optional().openapi({ description: 'How each value is written' }),
  properties: values.optional(),
  schema: valueType.optional(),
  executionContext: z.looseObject({ properties: values.optional(), schema: valueType.optional() }).optional(),
}

export const environmentSchema = z.strictObject(members).openapi('Environment')
export const checkedSchema = z
  .strictObject({ ...members, diagnostics: z.array(diagnosticSchema).optional().openapi({ description: 'Warnings' }) })
  .openapi('CheckedEnvironment')

export const listedSchema = z
  .strictObject({
    organization: z.string(),
    project: z.string(),
    name: z.string(),
    created: time,
    modified: time,
  })
  .openapi('ListedEnvironment')

export const removedSchema = z
  .strictObject({
    organization: z.string(),
    project: z.string(),
    name: z.string(),
    id: z.string().openapi({ description: 'Tells several of one name apart' }),
    deletedAt: timeOrNever,
    deletedBy: z.string(),
  })
  .openapi('RemovedEnvironment')

export const revisionSchema = z
  .strictObject({
    number: revision,
    created: time,
    creatorLogin: z.string(),
    creatorName: z.string(),
    tags: z.array(z.string()),
    retracted: z
      .strictObject({
        replacement: revision,
        at: time,
        byLogin: z.string().optional(),
        byName: z.string().optional(),
        reason: z.string().optional(),
      })
      .optional()
      .openapi({ description: 'Left out for clients that take no member that they do not know' }),
  })
  .openapi('Revision')

const edited = { created: time, modified: time, editorLogin: z.string(), editorName: z.string() }
export const revisionTagSchema = z.strictObject({ name: z.string(), revision, ...edited }).openapi('RevisionTag')
export const environmentTagSchema = z
  .strictObject({ name: z.string(), value: z.string(), ...edited })
  .openapi('EnvironmentTag')

const rotationEvent = z
  .strictObject({
    id: z.string(),
    environmentId: z.string(),
    created: time,
    completed: time,
    userID: z.string(),
    preRotationRevision: z.number().int(),
    postRotationRevision: revision.optional(),
    status: z.enum(['succeeded', 'failed']),
    rotations: z.array(
      z.strictObject({
        id: z.string(),
        environmentPath: z.string().openapi({ example: 'database.credentials' }),
        status: z.enum(['succeeded', 'failed']),
        errorMessage: z.string().optional(),
      }),
    ),
  })
  .openapi('RotationEvent')

export const rotatedSchema = z
  .strictObject({ id: z.string(), diagnostics: z.array(diagnosticSchema), secretRotationEvent: rotationEvent })
  .openapi('Rotated')
export const rotationEventsSchema = z.strictObject({ events: z.array(rotationEvent) })

export const scheduleSchema = z
  .strictObject({
    id: z.string(),
    orgID: z.string(),
    kind: z.literal('environment_rotation'),
    paused: z.boolean(),
    created: time,
    modified: time,
    lastExecuted: timeOrNever,
    nextExecution: timeOrNever,
    definition: z.strictObject({ environmentPath: z.string() }),
    scheduleCron: z.string().optional().openapi({ example: '0 3 * * 1' }),
    scheduleOnce: time.optional(),
    timezone: z.string().optional().openapi({ description: 'Of ours: the zone of the cron expression, where not UTC' }),
  })
  .openapi('ScheduledAction')

export const scheduleEventSchema = z
  .strictObject({
    id: z.string(),
    scheduledActionID: z.string(),
    executed: time,
    version: z.number().int().openapi({ description: 'The revision that it made; 0: none' }),
    result: z.string(),
  })
  .openapi('ScheduleHistoryEvent')

export const webhookSchema = z
  .strictObject({
    active: z.boolean(),
    displayName: z.string(),
    name: z.string(),
    organizationName: z.string(),
    projectName: z.string(),
    envName: z.string(),
    payloadUrl: z.string(),
    filters: z.array(z.string()),
    groups: z.array(z.string()),
    format: z.string(),
    hasSecret: z.boolean(),
  })
  .openapi('Webhook')

export const deliverySchema = z
  .strictObject({
    id: z.string(),
    kind: z.string(),
    timestamp: z.number().int().openapi({ description: 'Seconds since 1970' }),
    duration: z.number().int().openapi({ description: 'Milliseconds' }),
    payload: z.string(),
    requestUrl: z.string(),
    requestHeaders: z.string(),
    responseCode: z.number().int(),
    responseHeaders: z.string(),
    responseBody: z.string(),
  })
  .openapi('WebhookDelivery')

export const referrerSchema = z
  .strictObject({
    environment: z.strictObject({ project: z.string(), name: z.string(), revision: z.number().int() }),
  })
  .openapi('Referrer')

const organization = z.strictObject({ githubLogin: z.string(), name: z.string(), avatarUrl: z.string() })

export const accountSchema = z
  .strictObject({
    id: z.string(),
    githubLogin: z.string(),
    name: z.string(),
    email: z.string(),
    avatarUrl: z.string(),
    organizations: z.array(organization),
    identities: z.array(z.string()),
    siteAdmin: z.boolean(),
    tokenInfo: z.strictObject({ name: z.string() }),
  })
  .openapi('User')

export const offeredSchema = z
  .strictObject({
    name: z.string(),
    description: z.string(),
    inputs: valueType,
    outputs: valueType,
    state: valueType.optional(),
  })
  .openapi('ProviderSchema')
