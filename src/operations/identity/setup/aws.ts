import type { SetupRequest, SetupStep, Word } from './step.ts'

const account = { variable: 'ACCOUNT' }

/** An identity provider for the issuer, and a role that its tokens may take on. */
export function awsSteps({ issuer, audience, subject, isPattern, name, policy }: SetupRequest): readonly SetupStep[] {
  const host = issuer.replace('https://', '')
  const provider = `oidc-provider/${host}`
  const trust: Word = [
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::',
    account,
    `:${provider}"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":${JSON.stringify(
      isPattern
        ? { StringEquals: { [`${host}:aud`]: audience }, StringLike: { [`${host}:sub`]: subject } }
        : { StringEquals: { [`${host}:aud`]: audience, [`${host}:sub`]: subject } },
    )}}]}`,
  ]
  const steps: SetupStep[] = [
    {
      title: 'The account',
      command: ['aws', 'sts', 'get-caller-identity', '--query', 'Account', '--output', 'text'],
      captures: 'ACCOUNT',
    },
    {
      title: 'Trust the issuer of the store',
      command: ['aws', 'iam', 'create-open-id-connect-provider', '--url', issuer, '--client-id-list', audience],
      doneAlready: /EntityAlreadyExists/,
    },
    {
      title: 'A role that environments of the store may take on',
      command: ['aws', 'iam', 'create-role', '--role-name', name, '--assume-role-policy-document', trust],
      doneAlready: /EntityAlreadyExists/,
    },
  ]
  if (policy !== undefined) {
    steps.push({
      title: 'What it may do',
      command: ['aws', 'iam', 'attach-role-policy', '--role-name', name, '--policy-arn', policy],
    })
  }
  return [
    ...steps,
    {
      title: 'The ARN for `roleArn`',
      command: ['aws', 'iam', 'get-role', '--role-name', name, '--query', 'Role.Arn', '--output', 'text'],
      captures: 'ROLE_ARN',
    },
  ]
}
