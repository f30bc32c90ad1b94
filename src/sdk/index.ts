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
export { DefinitionError } from './definition-error.ts'
export { OpenEnvironment } from './environment.ts'
export { HiddenError } from './hidden-error.ts'
export type { LogMasking } from './log-masking.ts'
export { installLogMasking } from './log-masking.ts'
export { type MockStore, mockStore } from './mock-store.ts'
export { openStore } from './open-store.ts'
export {
  all,
  type Input,
  interpolate,
  isSecret,
  Output,
  output,
  type Revealed,
  secret,
  type Unwrap,
  unsecret,
} from './output.ts'
export type {
  Cancellable,
  Diagnostic,
  EnvironmentStore,
  RevisionSummary,
  RotatedPath,
  RotateOptions,
  RotationResult,
  SetOptions,
  StoreOptions,
  Watch,
  WatchOptions,
} from './store.ts'
