import type { SchemaObject } from '../../../schema/index.ts'
import { tlsSchema } from '../../tls/index.ts'

const text = (description: string): SchemaObject => ({ type: 'string', description })
const secretText = (description: string): SchemaObject => ({ type: 'string', secret: true, description })
const texts = (description: string): SchemaObject => ({
  type: 'object',
  additionalProperties: { type: 'string' },
  description,
})

const auth = (of: typeof text, description: string): SchemaObject => ({
  type: 'object',
  additionalProperties: false,
  description,
  properties: {
    bearer: of('Sent as `Authorization: Bearer …`.'),
    basic: {
      type: 'object',
      additionalProperties: false,
      properties: { username: of('Sent as `Authorization: Basic …`.'), password: of('Sent with it.') },
      required: ['username', 'password'],
    },
  },
})

const request = (methods: readonly string[], method: string): SchemaObject['properties'] => ({
  method: { type: 'string', enum: [...methods], default: method },
  path: text('Below `url`, with a query if it has one.'),
  headers: texts('Sent besides.'),
  body: { type: 'object', additionalProperties: true, description: 'Sent as JSON.' },
  form: texts('Sent as a form, in the place of `body`.'),
})

const list: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  description: 'How all credentials are listed. Members of an answer are named as in `data[0].id`.',
  properties: {
    path: text('Below `url`, with a query if it has one. Asked with GET.'),
    items: text('The member of the answer that is the list. Default: the answer itself.'),
    id: text('The member of an item that is its id.'),
    name: text('The member that is the name it was created under. This or `createdAt` is needed.'),
    createdAt: text('The member that says when it was created: a date, or seconds or milliseconds since 1970.'),
    only: {
      type: 'object',
      additionalProperties: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
      description: 'Members and their values: items with other ones are left out.',
    },
    next: {
      type: 'object',
      additionalProperties: false,
      description: 'The way to the next page. Absent: an answer is the whole list.',
      properties: {
        url: text('The member of the answer that is the address of the next page.'),
        link: { type: 'boolean', description: 'True where the header Link has it.' },
        page: text('The parameter for the number of a page; a page without items is the last.'),
        cursor: text('The member of the answer that is sent as `parameter` with the next request.'),
        parameter: text('The parameter for the cursor.'),
        more: text('The member of the answer that is true while there are more pages.'),
      },
    },
  },
  required: ['path', 'id'],
}

const create: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  description: 'How one is created. `{{mark}}` stands for the mark by which it is found again; put it into the name.',
  properties: {
    ...request(['POST', 'PUT'], 'POST'),
    id: text('The member of the answer that is the id.'),
    values: texts('The members of the answer that are secret, by the name under which they are kept.'),
    createdAt: text('The member that says when it was created. Default: the clock of this machine.'),
    idempotencyHeader: text('The header for the mark, where the API answers a repeated request as before.'),
  },
  required: ['path', 'id', 'values'],
}

/** The inputs of `http-issued`. */
export const inputsSchema: SchemaObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    url: text('Everything is asked below this address. https://…; http:// only on this machine.'),
    noun: text('What is rotated, in messages. Default: credential.'),
    auth: auth(secretText, 'Who lists, creates and deletes.'),
    headers: {
      type: 'object',
      additionalProperties: { type: 'string', secret: true },
      description: 'Sent with each request that lists, creates or deletes.',
    },
    list,
    create,
    delete: {
      type: 'object',
      additionalProperties: false,
      description: 'How one is deleted, or made useless for good. `{{id}}` stands for its id.',
      properties: request(['DELETE', 'POST', 'PUT', 'PATCH'], 'DELETE'),
      required: ['path'],
    },
    verify: {
      type: 'object',
      additionalProperties: false,
      description:
        'How one logs in: a request that changes nothing. `{{id}}` and `{{<name>}}` stand for what it is made of.',
      properties: {
        ...request(['GET', 'POST'], 'GET'),
        auth: auth(text, 'How it shows itself.'),
        works: {
          type: 'array',
          items: { type: 'number' },
          description: 'Statuses besides 2xx that prove the log-in, such as 403 where it may not do this.',
        },
      },
      required: ['path'],
    },
    limit: {
      type: 'object',
      additionalProperties: false,
      description: 'The most credentials that there can be, and how one more is refused.',
      properties: {
        count: { type: 'number' },
        status: { type: 'number' },
        code: text('The code of the error. Default: any.'),
      },
      required: ['count', 'status'],
    },
    error: {
      type: 'object',
      additionalProperties: false,
      description: 'The members of a refusal that say why.',
      properties: { code: text('Such as `error.code`.'), message: text('Such as `error.message`.') },
    },
    tls: tlsSchema,
  },
  required: ['url', 'list', 'create', 'delete', 'verify'],
  rotateOnly: ['auth', 'headers', 'list', 'create', 'delete', 'verify', 'limit', 'error', 'tls'],
}

/** A credential of `http-issued`. */
export const credentialSchema: SchemaObject = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    values: { type: 'object', additionalProperties: { type: 'string', secret: true } },
    createdAt: { type: 'string' },
  },
  required: ['id', 'values'],
}
