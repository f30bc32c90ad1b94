import { join } from 'node:path'
import { EscError } from '../errors.ts'
import { smallText } from '../files/index.ts'
import type { Variables } from './provider.ts'

type Section = Readonly<Record<string, string>>

/** The settings of AWS in its variables and its configuration file. */
interface AwsSettings {
  readonly region: string | undefined
  /** URLs that stand for all services, or for one, by its name in its hosts. */
  readonly endpoint: (service: string) => string | undefined
  readonly fips: boolean
  readonly dualStack: boolean
}

/** A service of AWS as it is to be called. */
export interface AwsEndpoint {
  readonly url: string
  readonly region: string
  /** False when the URL was configured, such as that of a proxy or an emulator. */
  readonly isAws: boolean
}

const partitions = {
  aws: {
    region: 'us-east-1',
    regions: /^(?!cn-|us-gov-|eusc-|us-iso|eu-isoe-)/,
    suffix: 'amazonaws.com',
    dual: 'api.aws',
  },
  'aws-cn': {
    region: 'cn-north-1',
    regions: /^cn-/,
    suffix: 'amazonaws.com.cn',
    dual: 'api.amazonwebservices.com.cn',
  },
  'aws-us-gov': { region: 'us-gov-west-1', regions: /^us-gov-/, suffix: 'amazonaws.com', dual: 'api.aws' },
  'aws-eusc': {
    region: 'eusc-de-east-1',
    regions: /^eusc-/,
    suffix: 'amazonaws.eu',
    dual: 'api.amazonwebservices.eu',
  },
  'aws-iso': { region: 'us-iso-east-1', regions: /^us-iso-/, suffix: 'c2s.ic.gov', dual: 'api.aws.ic.gov' },
  'aws-iso-b': { region: 'us-isob-east-1', regions: /^us-isob-/, suffix: 'sc2s.sgov.gov', dual: 'api.aws.scloud' },
  'aws-iso-e': {
    region: 'eu-isoe-west-1',
    regions: /^eu-isoe-/,
    suffix: 'cloud.adc-e.uk',
    dual: 'api.cloud-aws.adc-e.uk',
  },
  'aws-iso-f': {
    region: 'us-isof-south-1',
    regions: /^us-isof-/,
    suffix: 'csp.hci.ic.gov',
    dual: 'api.aws.hci.ic.gov',
  },
} as const

/** A part of AWS with accounts of its own, as ARNs name it. */
export type AwsPartition = keyof typeof partitions

/** The partition in an ARN. Default: `aws`. */
export function partitionOf(arn: string): AwsPartition {
  const name = arn.split(':')[1] ?? ''
  return Object.hasOwn(partitions, name) ? (name as AwsPartition) : 'aws'
}

/**
 * Finds the address of a service in AWS's own order: `AWS_ENDPOINT_URL_<SERVICE>`,
 * `AWS_ENDPOINT_URL`, the profile's `services` section and its `endpoint_url`; else AWS's own
 * endpoint in the region. The region is the one given, else that of `AWS_REGION`,
 * `AWS_DEFAULT_REGION` or the profile, as far as it is in the partition.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 *
 * @throws EscError `invalid_input` for a region that cannot be one.
 */
export function awsEndpoint(
  service: string,
  wanted: { readonly region?: string | undefined; readonly partition?: AwsPartition },
  env: Variables,
): AwsEndpoint {
  const settings = awsSettings(env)
  const usual = wanted.region ?? settings.region
  const partition = wanted.partition ?? partitionOfRegion(usual)
  const isThere = usual !== undefined && partitionOfRegion(usual) === partition
  const region = isThere ? usual : partitions[partition].region
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(region)) {
    throw new EscError('invalid_input', `${JSON.stringify(region)} is not a region of AWS`, {
      hint: 'write a region such as us-west-2',
    })
  }
  const configured = settings.endpoint(service)
  if (configured !== undefined) return { url: configured.replace(/\/+$/, ''), region, isAws: false }
  return { url: `https://${hostOf(service, region, partition, settings)}`, region, isAws: true }
}

function partitionOfRegion(region: string | undefined): AwsPartition {
  const names = Object.keys(partitions) as AwsPartition[]
  return names.find((name) => partitions[name].regions.test(region ?? '')) ?? 'aws'
}

/** https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html */
function hostOf(service: string, region: string, partition: AwsPartition, { fips, dualStack }: AwsSettings): string {
  const { suffix, dual } = partitions[partition]
  // All that STS and SSM have in GovCloud is validated, as far as it is reached by IPv4.
  const isValidated = partition === 'aws-us-gov' && !dualStack && (service === 'sts' || service === 'ssm')
  const name = fips && !isValidated ? `${service}-fips` : service
  if (service === 's3' && dualStack) return `${name}.dualstack.${region}.${suffix}`
  // The usual hosts of Secrets Manager have addresses of both kinds, and there are no others.
  const isBoth = service === 'secretsmanager' && /^aws(?:-cn|-us-gov)?$/.test(partition)
  return `${name}.${region}.${dualStack && !isBoth ? dual : suffix}`
}

/** Services that are called otherwise in variables and in configuration files. */
const idOf: Readonly<Record<string, string>> = { secretsmanager: 'secrets_manager' }

function awsSettings(env: Variables): AwsSettings {
  const { profile, services } = profileOf(env)
  const ignored = isTrue(env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS ?? profile.ignore_configured_endpoint_urls)
  return {
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION || profile.region || undefined,
    fips: isTrue(env.AWS_USE_FIPS_ENDPOINT ?? profile.use_fips_endpoint),
    dualStack: isTrue(env.AWS_USE_DUALSTACK_ENDPOINT ?? profile.use_dualstack_endpoint),
    endpoint(service) {
      if (ignored) return undefined
      const name = idOf[service] ?? service
      const ofVariables = env[`AWS_ENDPOINT_URL_${name.toUpperCase()}`] || env.AWS_ENDPOINT_URL
      return ofVariables || services[`${name}.endpoint_url`] || profile.endpoint_url || undefined
    },
  }
}

function isTrue(text: string | undefined): boolean {
  return text?.toLowerCase() === 'true'
}

/** The profile that the user has chosen, and the `services` section that it names. */
function profileOf(env: Variables): { readonly profile: Section; readonly services: Section } {
  const home = env.HOME || env.USERPROFILE
  const file = env.AWS_CONFIG_FILE || (home && join(home, '.aws', 'config'))
  const text = file ? (smallText(file) ?? '') : ''
  if (text === '') return { profile: {}, services: {} }
  const sections = parseSections(text)
  const name = env.AWS_PROFILE || env.AWS_DEFAULT_PROFILE || 'default'
  const profile = sections.get(`profile ${name}`) ?? (name === 'default' ? sections.get('default') : undefined) ?? {}
  return { profile, services: sections.get(`services ${profile.services ?? ''}`) ?? {} }
}

/**
 * Sections by their headings. The lines beneath a key without a value have its name before theirs.
 */
function parseSections(text: string): ReadonlyMap<string, Section> {
  const sections = new Map<string, Record<string, string>>()
  let section: Record<string, string> | undefined
  let parent = ''
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue
    const heading = /^\[\s*(.*?)\s*\]/.exec(line)?.[1]?.replace(/\s+/, ' ')
    if (heading !== undefined) {
      section = sections.get(heading) ?? Object.create(null)
      sections.set(heading, section as Record<string, string>)
      continue
    }
    const [, indent = '', key = '', value = ''] = /^(\s*)([^=\s]+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (section === undefined || key === '') continue
    if (indent === '') parent = value === '' ? key : ''
    section[indent === '' || parent === '' ? key : `${parent}.${key}`] = value.replace(/\s[#;].*$/, '')
  }
  return sections
}
