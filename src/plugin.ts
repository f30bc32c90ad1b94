/**
 * The names that plugins import: `import { EscError, secret } from '@gitesc/cli/plugin'`. It may be
 * bundled: copies get on with each other.
 */
export { type ErrorCode, EscError, type EscErrorOptions } from './errors.ts'
export type { Plain, PlainObject } from './plain.ts'
export type { AnyProvider, AnyRotator, Plugin } from './plugins/plugin.ts'
export type { Provider, ProviderContext } from './providers/provider.ts'
export type {
  CredentialCheck,
  NetworkPolicy,
  OidcSigner,
  Plan,
  PlanStep,
  Reconciled,
  ReconcileRequest,
  RotationIdentity,
  RotationRequest,
  Rotator,
  RotatorContext,
  SharedResources,
} from './rotators/rotator.ts'
export type { Schema, SchemaObject, SchemaType } from './schema/schema.ts'
export { Secret, secret } from './secret.ts'
