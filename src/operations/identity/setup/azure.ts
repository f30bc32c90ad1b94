import { EscError } from '../../../errors.ts'
import type { SetupRequest, SetupStep, Word } from './step.ts'

const application = { variable: 'CLIENT_ID' }

/**
 * An application with a federated credential. Azure compares subjects as they are: one is for one
 * environment.
 */
export function azureSteps({ issuer, audience, subject, isPattern, name, policy }: SetupRequest): readonly SetupStep[] {
  if (isPattern) {
    throw new EscError('invalid_input', 'Azure trusts no patterns of subjects: each environment needs a credential', {
      hint: 'name the environment after the vendor, as project/name',
    })
  }
  const credential = JSON.stringify({ name: credentialName(subject), issuer, subject, audiences: [audience] })
  const assigned: Word = [application]
  const steps: SetupStep[] = [
    {
      title: 'An application',
      command: ['az', 'ad', 'app', 'create', '--display-name', name, '--query', 'appId', '--output', 'tsv'],
      captures: 'CLIENT_ID',
    },
    {
      title: 'Its service principal',
      command: ['az', 'ad', 'sp', 'create', '--id', assigned],
      doneAlready: /already (?:in use|exists)/i,
    },
    {
      title: 'Trust the issuer of the store',
      command: ['az', 'ad', 'app', 'federated-credential', 'create', '--id', assigned, '--parameters', credential],
      doneAlready: /already exists|must be unique/i,
    },
    {
      title: 'The subscription',
      command: ['az', 'account', 'show', '--query', 'id', '--output', 'tsv'],
      captures: 'SUBSCRIPTION_ID',
    },
  ]
  if (policy !== undefined) {
    const scope: Word = ['/subscriptions/', { variable: 'SUBSCRIPTION_ID' }]
    steps.push({
      title: 'What it may do',
      command: ['az', 'role', 'assignment', 'create', '--assignee', assigned, '--role', policy, '--scope', scope],
    })
  }
  return [
    ...steps,
    {
      title: 'The tenant for `tenantId`; `clientId` is that of the application',
      command: ['az', 'account', 'show', '--query', 'tenantId', '--output', 'tsv'],
      captures: 'TENANT_ID',
    },
  ]
}

/** At most 120 letters, digits and dashes. */
function credentialName(subject: string): string {
  return `esc-${subject.split(':env:')[1] ?? ''}`.replace(/[^A-Za-z0-9-]/g, '-').slice(0, 120)
}
