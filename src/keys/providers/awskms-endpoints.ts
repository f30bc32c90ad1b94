import { EscError } from '../../errors.ts'
import type { KeyContext } from '../provider.ts'
import type { AwsKeyUrl } from './awskms-key.ts'

type Sdk = typeof import('../../vendor/aws-kms.ts')
type Profile = Readonly<Record<string, string | undefined>>

/** URLs of services. Undefined: AWS's own in the region. */
export interface AwsEndpoints {
  readonly kms: string | undefined
  readonly sts: string | undefined
  /** The region of the profile, as far as it was read. */
  readonly region?: string | undefined
}

/**
 * Returns the place where the services are, in AWS's order: `endpoint` of the key's URL (KMS
 * alone), `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, then the profile's `services` section
 * and its `endpoint_url`. The SDK reads the latter two for `AWS_PROFILE` alone, not for a profile
 * that it is given. @throws EscError `key_unavailable`.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export async function endpointsOf(sdk: Sdk, url: AwsKeyUrl, { env }: KeyContext): Promise<AwsEndpoints> {
  const given = {
    kms: url.endpoint ?? (env.AWS_ENDPOINT_URL_KMS || env.AWS_ENDPOINT_URL || undefined),
    sts: env.AWS_ENDPOINT_URL_STS || env.AWS_ENDPOINT_URL || undefined,
  }
  const name = url.profile ?? env.AWS_PROFILE
  const known = given.kms !== undefined && given.sts !== undefined
  if (!name || known || env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === 'true') return given
  const { configFile, credentialsFile } = await sdk.loadSharedConfigFiles({
    ...(env.AWS_CONFIG_FILE && { configFilepath: env.AWS_CONFIG_FILE }),
    ...(env.AWS_SHARED_CREDENTIALS_FILE && { filepath: env.AWS_SHARED_CREDENTIALS_FILE }),
  })
  const profile: Profile = { ...configFile[name], ...credentialsFile[name] }
  if (profile.ignore_configured_endpoint_urls === 'true') return given
  const services = profile.services === undefined ? {} : configFile[`services.${profile.services}`]
  if (services === undefined) {
    throw new EscError(
      'key_unavailable',
      `AWS profile '${name}' names the services section '${profile.services}', which is not in the AWS configuration file`,
      { hint: 'add the section [services …] to the file, or take the line "services" out of the profile' },
    )
  }
  const configured = (service: string) => services[`${service}.endpoint_url`] || profile.endpoint_url || undefined
  return { kms: given.kms ?? configured('kms'), sts: given.sts ?? configured('sts'), region: profile.region }
}
