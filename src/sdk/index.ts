/**
 * The library: open a store, read configuration and secrets, rotate, watch.
 *
 *     import { openStore } from '@gitesc/cli'
 *     const store = await openStore()
 *     const env = await store.open('app/dev')
 *     const password = env.output<string>('database.password')
 */
export { type ErrorCode, EscError } from '../errors.ts'
export type { Notice } from '../notice.ts'
export type { Plain, PlainObject } from '../plain.ts'
export type { Remedy } from '../remedy.ts'
export { Secret } from '../secret.ts'
export { Config, type ConfigSource, useEnvironment } from './config.ts'
export { connect } from './connect.ts'
export { DefinitionError } from './definition-error.ts'
export { OpenEnvironment } from './environment.ts'
export { HiddenError } from './hidden-error.ts'
export type { LogMasking } from './log-masking.ts'
export { installLogMasking } from './log-masking.ts'
export { type MockStore, mockStore } from './mock-store.ts'
export { openStore } from './open-store.ts'
export {
  all,
  interpolate,
  isSecret,
  Output,
  type OutputInput as Input,
  output,
  type Revealed,
  secretOutput as secret,
  type Unwrap,
  unsecret,
} from './output.ts'
export type {
  Cancellable,
  EnvironmentStore,
  HistoryEntry as RevisionSummary,
  OpenRequest as OpenOptions,
  ReportedDiagnostic as Diagnostic,
  RotateCall as RotateOptions,
  RotatedPath,
  RotationResult,
  SetOptions,
  StoreOptions,
  Watch,
  WatchCall as WatchOptions,
} from './store.ts'
