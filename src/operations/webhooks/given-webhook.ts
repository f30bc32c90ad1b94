import { EscError } from '../../errors.ts'
import { again, input, rich } from '../../rich-text.ts'
import { nearest } from '../../suggestion.ts'
import { filterNames, groupNames, shortNames, type WebhookFormat, type WebhookSecrets } from '../../webhooks/index.ts'

/** All of a list anew; or what is there without some, and with others. */
export type ListEdit =
  | { readonly kind: 'replace'; readonly values: readonly string[] }
  | { readonly kind: 'change'; readonly added: readonly string[]; readonly removed: readonly string[] }

/** `org/project/stack` names a stack of Pulumi Cloud. */
export function urlFor(typed: string, format: WebhookFormat): string {
  if (format !== 'pulumi_deployments' || /^[a-z]+:/i.test(typed)) return typed
  const parts = typed.split('/')
  if (parts.length === 3 && parts.every((part) => /^[\w.-]+$/.test(part))) {
    return `https://api.pulumi.com/api/stacks/${parts.join('/')}/deployments`
  }
  throw new EscError('usage', rich`pulumi_deployments webhooks require a ${input('url')} that names a stack`, {
    hint: 'write organization/project/stack, or the https URL of its deployments',
  })
}

export function refuseWithoutCredential(format: WebhookFormat, { url, headers = {} }: WebhookSecrets): void {
  const has = (name: string) => Object.keys(headers).some((each) => each.toLowerCase() === name)
  if (format === 'github' && !has('authorization')) {
    throw new EscError('usage', 'github webhooks require a token', {
      hint: rich`add ${again('header')} 'Authorization: Bearer -' and the token on standard input; the URL is https://api.github.com/repos/OWNER/REPO/dispatches`,
    })
  }
  if (format === 'pulumi_deployments' && !has('authorization')) {
    throw new EscError('usage', 'pulumi_deployments webhooks require an access token', {
      hint: rich`add ${again('header')} 'Authorization: token -' and the token on standard input`,
    })
  }
  if (format !== 'gitlab' || !URL.canParse(url)) return
  const { searchParams } = new URL(url)
  if (searchParams.has('token') && searchParams.has('ref')) return
  throw new EscError('usage', rich`gitlab webhooks require a ${input('url')} with the trigger token and the branch`, {
    hint: 'it looks like https://gitlab.example.com/api/v4/projects/ID/trigger/pipeline?token=…&ref=main',
  })
}

/** @throws EscError `usage`: a webhook for an event that never happens would be silent for ever. */
export function checkNames(events: readonly string[], groups: readonly string[]): void {
  const known = [...filterNames, ...shortNames]
  refuseUnknown('event', events, known, `events are: ${filterNames.join(', ')}`)
  refuseUnknown('group', groups, groupNames, `groups are: ${groupNames.join(', ')}`)
}

function refuseUnknown(
  flag: 'event' | 'group',
  values: readonly string[],
  known: readonly string[],
  all: string,
): void {
  const wrong = values.find((each) => !known.includes(each))
  if (wrong === undefined) return
  const similar = nearest(wrong, known)
  const ofOrganizations = wrong === 'environment_created' || wrong === 'environment_deleted'
  const hint = similar === undefined ? all : `did you mean ${similar}?`
  throw new EscError('usage', rich`invalid ${input(flag)} ${JSON.stringify(wrong)}`, {
    hint: ofOrganizations ? 'only webhooks of an organization get it, and a store has none' : hint,
  })
}

export function named(edit: ListEdit | undefined): readonly string[] {
  if (edit === undefined) return []
  return edit.kind === 'replace' ? edit.values : edit.added
}
