import type { SetupRequest, SetupStep } from './step.ts'

/** The login method `jwt` with the issuer, and a role with a policy. */
export function vaultSteps({ issuer, audience, subject, isPattern, name, policy }: SetupRequest): readonly SetupStep[] {
  const role = {
    role_type: 'jwt',
    user_claim: 'sub',
    bound_audiences: [audience],
    bound_claims_type: isPattern ? 'glob' : 'string',
    bound_claims: { sub: subject },
    token_policies: [policy ?? name],
    token_ttl: '1h',
  }
  return [
    {
      title: 'The login method',
      command: ['vault', 'auth', 'enable', 'jwt'],
      doneAlready: /path is already in use/,
    },
    {
      title: 'Trust the issuer of the store',
      command: ['vault', 'write', 'auth/jwt/config', `oidc_discovery_url=${issuer}`, `bound_issuer=${issuer}`],
    },
    {
      title: 'A role for environments of the store',
      command: ['vault', 'write', `auth/jwt/role/${name}`, '-'],
      input: JSON.stringify(role),
    },
  ]
}
