/**
 * A thing to do about something, as data. Each face shows it in its own way: the command line
 * as a command to type, a server as it is, a console as a button.
 *
 * Where `environment` may be missing, whoever has made the remedy did not know which it is about.
 */
export type Remedy =
  // environments and definitions
  | { readonly do: 'list-environments' }
  | { readonly do: 'create-environment'; readonly environment: string }
  | { readonly do: 'show-environment'; readonly environment: string; readonly path?: string }
  | { readonly do: 'edit-definition'; readonly environment?: string }
  | { readonly do: 'save-definition'; readonly environment: string }
  | { readonly do: 'discard-edit'; readonly environment: string }
  | { readonly do: 'encrypt-value'; readonly environment: string; readonly path: string }
  | { readonly do: 'clone-environment'; readonly environment: string; readonly to?: string }
  | { readonly do: 'restore-environment' }
  | { readonly do: 'allow-removal'; readonly environment: string }
  | { readonly do: 'import-values'; readonly format: 'dotenv' | 'sops'; readonly from?: 'standard-input' }
  // revisions
  | { readonly do: 'show-history' }
  | { readonly do: 'list-revision-tags'; readonly environment: string }
  | { readonly do: 'roll-back'; readonly environment: string }
  | { readonly do: 'retract-revision'; readonly environment: string; readonly revision: number }
  | { readonly do: 'renumber-revisions'; readonly environment?: string }
  // rotation
  | { readonly do: 'rotate'; readonly environment: string; readonly paths: readonly string[] }
  | { readonly do: 'resume-rotation'; readonly environment?: string }
  | { readonly do: 'abandon-rotation'; readonly environment: string }
  | {
      readonly do: 'adopt-credential'
      readonly environment?: string
      readonly path?: string
    }
  | { readonly do: 'show-journal'; readonly environment?: string }
  | { readonly do: 'forget-record'; readonly environment?: string; readonly path?: string }
  | { readonly do: 'retarget-record'; readonly environment?: string; readonly path?: string }
  | { readonly do: 'run-schedules' }
  | { readonly do: 'install-scheduler' }
  | { readonly do: 'list-schedules'; readonly environment: string }
  | { readonly do: 'create-schedule'; readonly environment: string }
  | { readonly do: 'edit-schedule'; readonly environment: string; readonly schedule: string }
  // keys, trust and access
  | { readonly do: 'rewrap-key'; readonly environment: string }
  | { readonly do: 'change-secrets-provider'; readonly environment: string; readonly provider: string }
  | { readonly do: 'accept-key'; readonly environment: string }
  | { readonly do: 'trust-store' }
  | { readonly do: 'trust-folder' }
  | { readonly do: 'show-trust' }
  | { readonly do: 'join-store' }
  | { readonly do: 'list-access-rules' }
  | { readonly do: 'explain-access'; readonly environment?: string }
  | { readonly do: 'show-signing-keys' }
  | { readonly do: 'create-signing-key' }
  | { readonly do: 'create-issuer' }
  | { readonly do: 'publish-issuer' }
  // servers
  | { readonly do: 'log-in'; readonly url: string }
  // the store and its webhooks
  | { readonly do: 'create-store'; readonly secretsProvider?: string }
  | { readonly do: 'check-store' }
  | { readonly do: 'repair-store' }
  | { readonly do: 'create-webhook'; readonly environment: string }
  | { readonly do: 'edit-webhook' }
  | { readonly do: 'list-deliveries'; readonly environment: string; readonly webhook: string }
  /** The same again, with this input given. */
  | { readonly do: 'repeat'; readonly with: InputName }

/** The name of an input of an operation, where texts have to name it. */
export type InputName =
  | 'allow-http'
  | 'allow-unknown'
  | 'allow-unmasked'
  | 'allow-variable'
  | 'create'
  | 'cron'
  | 'destination'
  | 'draft'
  | 'event'
  | 'exact'
  | 'failed'
  | 'force'
  | 'format'
  | 'group'
  | 'header'
  | 'keep'
  | 'keys'
  | 'listen'
  | 'metrics'
  | 'metrics-host'
  | 'no-history'
  | 'once'
  | 'path'
  | 'plaintext'
  | 'project'
  | 'recipient'
  | 'replace-with'
  | 'secret'
  | 'secrets-provider'
  | 'string'
  | 'timezone'
  | 'with-sops'
  | 'url'
  | 'yaml'
