import { EscError } from '../../errors.ts'
import type { SchemaObject } from '../../schema/index.ts'
import { type Secret, secret } from '../../secret.ts'
import type { ListRequest } from './http-issued/definition.ts'
import { type KnownApiOptions, knownApiRotator } from './http-issued/known-api.ts'

const apiKeyExample = `values:
  ai:
    fn::rotate::openai-api-key:
      inputs:
        login: {adminKey: {fn::secret: "…"}}
        project: proj_abc
        name: shop
`

const adminKeyExample = `values:
  admin:
    fn::rotate::openai-admin-key:
      inputs:
        login: {adminKey: {fn::secret: "…"}}
        organization: org-abc
`

type OpenAiLogin = { readonly adminKey: Secret<string> }

export type OpenAiAdminKeyInputs = {
  readonly login: OpenAiLogin
  readonly name?: string
  /** Id of the organization, such as `org-abc`. */
  readonly organization: string
}

export type OpenAiApiKeyInputs = {
  readonly login: OpenAiLogin
  readonly name?: string
  /** Id of the project, such as `proj_abc`. */
  readonly project: string
  readonly lifetimeInDays?: number
}

// https://platform.openai.com/docs/api-reference/administration
const url = 'https://api.openai.com/v1'

const common: Readonly<Record<string, SchemaObject>> = {
  login: {
    type: 'object',
    additionalProperties: false,
    properties: {
      adminKey: { type: 'string', secret: true, description: 'An admin key of the organization (sk-admin-…).' },
    },
    required: ['adminKey'],
  },
  name: {
    type: 'string',
    description: 'What the keys are called at OpenAI; a mark of each rotation is appended. Default: esc.',
  },
}

const adminInputs: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...common,
    organization: { type: 'string', description: 'Id of the organization, such as org-abc.' },
  },
  required: ['login', 'organization'],
  rotateOnly: ['login', 'name'],
}

const projectInputs: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ...common,
    project: { type: 'string', description: 'Id of the project that the keys belong to, such as proj_abc.' },
    lifetimeInDays: {
      type: 'number',
      description:
        'A key ends by itself after so many days, 1 to 365. Default: never, unless the organization wants it.',
    },
  },
  required: ['login', 'project'],
  rotateOnly: ['login', 'name', 'lifetimeInDays'],
}

const pages: Pick<ListRequest, 'items' | 'id' | 'name' | 'createdAt' | 'next'> = {
  items: 'data',
  id: 'id',
  name: 'name',
  createdAt: 'created_at',
  next: { cursor: 'last_id', parameter: 'after', more: 'has_more' },
}

const hints: Readonly<Record<string, string>> = {
  'HTTP 401':
    'check `login.adminKey`: it must be an admin key of the organization (sk-admin-…), not a key of a project',
  'HTTP 403': 'the key in `login.adminKey` may not do this: an owner of the organization makes admin keys',
  'HTTP 404': 'check `project`: it is the id of a project of the organization',
  mismatched_organization: 'the key in `login.adminKey` is of another organization than `organization` says',
}

/** Rotates API keys of a project of OpenAI, each of a service account of its own. */
export function openAiApiKeyRotator(options: KnownApiOptions = {}) {
  return knownApiRotator<OpenAiApiKeyInputs>(
    {
      name: 'openai-api-key',
      description: 'API keys of a project of OpenAI, each of a service account of its own.',
      example: apiKeyExample,
      inputs: projectInputs,
      subject: ({ project }) => `project ${project}`,
      checkInputs: checkProjectInputs,
      definition({ login, name, project, lifetimeInDays: days }) {
        const path = `organization/projects/${project}/service_accounts`
        return {
          url,
          auth: { bearer: login.adminKey },
          list: { path: `${path}?limit=100`, ...pages },
          create: {
            path,
            body: { name: markedName(name), ...(days !== undefined && { expires_in_seconds: days * 86_400 }) },
            id: 'id',
            values: { apiKey: 'api_key.value' },
            createdAt: 'created_at',
          },
          // Its key ends with the service account.
          delete: { path: `${path}/{{id}}` },
          // A key that may not list models is known all the same.
          verify: { path: 'models', auth: { bearer: '{{apiKey}}' }, works: [403] },
        }
      },
      hints,
    },
    options,
  )
}

/** Rotates admin keys of an organization of OpenAI. */
export function openAiAdminKeyRotator(options: KnownApiOptions = {}) {
  return knownApiRotator<OpenAiAdminKeyInputs>(
    {
      name: 'openai-admin-key',
      description: 'Admin keys of an organization of OpenAI, which manage its projects and keys.',
      example: adminKeyExample,
      inputs: adminInputs,
      subject: ({ organization }) => `organization ${organization}`,
      checkInputs({ login, organization }) {
        requireAdminKey('openai-admin-key', login)
        requireId('openai-admin-key', { organization }, /^org-[A-Za-z0-9_-]+$/, 'it begins with org-')
      },
      definition({ login, name, organization }) {
        const path = 'organization/admin_api_keys'
        return {
          url,
          auth: { bearer: login.adminKey },
          // It refuses a key of another organization.
          headers: { 'openai-organization': secret(organization) },
          list: { path: `${path}?limit=100`, ...pages },
          create: {
            path,
            body: { name: markedName(name) },
            id: 'id',
            values: { apiKey: 'value' },
            createdAt: 'created_at',
          },
          delete: { path: `${path}/{{id}}` },
          verify: { path: `${path}?limit=1`, auth: { bearer: '{{apiKey}}' } },
        }
      },
      hints,
    },
    options,
  )
}

export const openAiApiKey = openAiApiKeyRotator()
export const openAiAdminKey = openAiAdminKeyRotator()

function markedName(name: string | undefined): string {
  return `${name || 'esc'} {{mark}}`
}

function checkProjectInputs({ login, project, lifetimeInDays: days }: OpenAiApiKeyInputs): void {
  requireAdminKey('openai-api-key', login)
  requireId('openai-api-key', { project }, /^proj_[A-Za-z0-9_-]+$/, 'it begins with proj_')
  if (days === undefined || (Number.isInteger(days) && days >= 1 && days <= 365)) return
  throw new EscError('invalid_input', `openai-api-key: \`lifetimeInDays\` is ${days}`, {
    hint: 'give a whole number of days from 1 to 365',
  })
}

function requireId(rotator: string, named: Readonly<Record<string, string>>, form: RegExp, hint: string): void {
  for (const [name, id] of Object.entries(named)) {
    if (form.test(id)) continue
    throw new EscError('invalid_input', `${rotator}: \`${name}\` ${JSON.stringify(id)} is not an id`, {
      hint: `${hint}; the settings at OpenAI show it`,
    })
  }
}

function requireAdminKey(rotator: string, { adminKey }: OpenAiLogin): void {
  if (/^sk-[\x21-\x7e]+$/.test(adminKey.reveal())) return
  throw new EscError('invalid_input', `${rotator}: \`login.adminKey\` is not a key of OpenAI`, {
    hint: 'it begins with sk-admin-; an owner of the organization makes one in its settings',
  })
}
