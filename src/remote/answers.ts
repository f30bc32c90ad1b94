import { asCount, asList, asName, asText, asTime, asTruth, ifGiven, membersOf, objectOf, type Read } from './shape.ts'

// The answers of the ESC API, as far as they are used here. Servers may send more.

const organizationShape = objectOf({ githubLogin: asName, name: ifGiven(asText) })

export const accountShape = objectOf({
  githubLogin: asName,
  name: ifGiven(asText),
  email: ifGiven(asText),
  organizations: asList(organizationShape),
  tokenInfo: ifGiven(objectOf({ name: ifGiven(asText), organization: ifGiven(asText), team: ifGiven(asText) })),
})
/** The user whom a token is of, and the organizations that they are in. */
export type RemoteAccount = Read<typeof accountShape>

export const environmentPageShape = objectOf({
  environments: asList(
    objectOf({
      organization: asName,
      project: asName,
      name: asName,
      created: ifGiven(asTime),
      modified: ifGiven(asTime),
    }),
  ),
  nextToken: ifGiven(asText),
})
export type ListedRemoteEnvironment = Read<typeof environmentPageShape>['environments'][number]

const retractionShape = objectOf({
  replacement: asCount,
  at: ifGiven(asTime),
  byLogin: ifGiven(asText),
  byName: ifGiven(asText),
  reason: ifGiven(asText),
})

export const revisionShape = objectOf({
  number: asCount,
  created: asTime,
  creatorLogin: ifGiven(asText),
  creatorName: ifGiven(asText),
  tags: asList(asText),
  retracted: ifGiven(retractionShape),
})
export type RemoteRevision = Read<typeof revisionShape>

export const revisionTagShape = objectOf({
  name: asName,
  revision: asCount,
  created: ifGiven(asTime),
  modified: ifGiven(asTime),
  editorLogin: ifGiven(asText),
  editorName: ifGiven(asText),
})
export type RemoteRevisionTag = Read<typeof revisionTagShape>
export const revisionTagPageShape = objectOf({ tags: asList(revisionTagShape), nextToken: ifGiven(asText) })

export const environmentTagShape = objectOf({
  name: asName,
  value: asText,
  created: ifGiven(asTime),
  modified: ifGiven(asTime),
  editorLogin: ifGiven(asText),
  editorName: ifGiven(asText),
})
export type RemoteEnvironmentTag = Read<typeof environmentTagShape>
export const environmentTagPageShape = objectOf({ tags: membersOf(environmentTagShape), nextToken: ifGiven(asText) })

export const openedShape = objectOf({ id: asName })

export const scheduleShape = objectOf({
  id: asName,
  kind: ifGiven(asText),
  paused: ifGiven(asTruth),
  scheduleCron: ifGiven(asText),
  scheduleOnce: ifGiven(asText),
  nextExecution: ifGiven(asTime),
  lastExecuted: ifGiven(asTime),
  definition: ifGiven(objectOf({ environmentPath: ifGiven(asText) })),
})
export type RemoteSchedule = Read<typeof scheduleShape>
export const scheduleListShape = objectOf({ schedules: asList(scheduleShape) })
export const scheduleRunsShape = objectOf({
  scheduleHistoryEvents: asList(
    objectOf({ id: asText, executed: ifGiven(asTime), version: ifGiven(asCount), result: ifGiven(asText) }),
  ),
})

/** Its URL may hold a secret, such as that of a chat. */
export const webhookShape = objectOf({
  name: asName,
  displayName: ifGiven(asText),
  active: ifGiven(asTruth),
  payloadUrl: asText,
  filters: asList(asText),
  groups: asList(asText),
  format: ifGiven(asText),
  hasSecret: ifGiven(asTruth),
})
export type RemoteWebhook = Read<typeof webhookShape>
export const webhookListShape = asList(webhookShape)
export const deliveriesShape = asList(
  objectOf({ id: asText, kind: ifGiven(asText), timestamp: ifGiven(asCount), responseCode: ifGiven(asCount) }),
)

export const settingsShape = objectOf({ deletionProtected: ifGiven(asTruth) })
export const metadataShape = objectOf({ id: asName })

const referrerShape = objectOf({
  environment: ifGiven(objectOf({ project: asName, name: asName, revision: ifGiven(asCount) })),
  stack: ifGiven(objectOf({ project: asName, stack: asName, version: ifGiven(asCount) })),
  insightsAccount: ifGiven(objectOf({ accountName: asName })),
})
export const referrerPageShape = objectOf({
  referrers: membersOf(asList(referrerShape)),
  continuationToken: ifGiven(asText),
})

export const rotationEventShape = objectOf({
  secretRotationEvent: objectOf({
    id: ifGiven(asText),
    status: asText,
    preRotationRevision: ifGiven(asCount),
    postRotationRevision: ifGiven(asCount),
    errorMessage: ifGiven(asText),
    rotations: asList(objectOf({ environmentPath: asText, status: asText, errorMessage: ifGiven(asText) })),
  }),
})
export type RemoteRotation = Read<typeof rotationEventShape>['secretRotationEvent']
