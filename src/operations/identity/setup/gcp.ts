import { EscError } from '../../../errors.ts'
import { again, rich } from '../../../rich-text.ts'
import type { SetupRequest, SetupStep, Word } from './step.ts'

/** A workload identity pool with the issuer, and a service account that its subjects may act as. */
export function gcpSteps(request: SetupRequest): readonly SetupStep[] {
  const { issuer, audience, subject, isPattern, name, policy, project } = request
  if (project === undefined) {
    throw new EscError('invalid_input', 'a workload identity pool is in a project of Google Cloud', {
      hint: rich`name it: ${again('project')} my-project`,
    })
  }
  const inProject = ['--project', project]
  const account = `${name}@${project}.iam.gserviceaccount.com`
  const pool: Word = [
    isPattern ? 'principalSet' : 'principal',
    '://iam.googleapis.com/projects/',
    { variable: 'PROJECT_NUMBER' },
    `/locations/global/workloadIdentityPools/${name}/${isPattern ? '*' : `subject/${subject}`}`,
  ]
  const organization = audience.slice('gcp:'.length)
  const condition = `assertion.sub.startsWith('pulumi:environments:org:${organization}:env:')`
  const there = /ALREADY_EXISTS|already exists/
  const steps: SetupStep[] = [
    {
      title: 'The number of the project, for `project`',
      command: ['gcloud', 'projects', 'describe', project, '--format', 'value(projectNumber)'],
      captures: 'PROJECT_NUMBER',
    },
    {
      title: 'A workload identity pool',
      command: ['gcloud', 'iam', 'workload-identity-pools', 'create', name, '--location', 'global', ...inProject],
      doneAlready: there,
    },
    {
      title: 'Trust the issuer of the store',
      command: [
        ...['gcloud', 'iam', 'workload-identity-pools', 'providers', 'create-oidc', name],
        ...['--workload-identity-pool', name, '--location', 'global', ...inProject],
        ...['--issuer-uri', issuer, '--allowed-audiences', audience],
        ...['--attribute-mapping', 'google.subject=assertion.sub', '--attribute-condition', condition],
      ],
      doneAlready: there,
    },
    {
      title: 'A service account',
      command: ['gcloud', 'iam', 'service-accounts', 'create', name, ...inProject],
      doneAlready: there,
    },
    {
      title: 'Environments of the store may act as it',
      command: [
        ...['gcloud', 'iam', 'service-accounts', 'add-iam-policy-binding', account, ...inProject],
        ...['--role', 'roles/iam.workloadIdentityUser', '--member'],
        pool,
      ],
    },
  ]
  if (policy === undefined) return steps
  const grant = ['gcloud', 'projects', 'add-iam-policy-binding', project, '--role', policy]
  return [
    ...steps,
    { title: 'What it may do', command: [...grant, '--member', `serviceAccount:${account}`, '--condition', 'None'] },
  ]
}
