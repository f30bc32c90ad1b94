import { EscError } from '../../../errors.ts'

export interface UserArn {
  readonly partition: string
  readonly account: string
  /** The last segment of the resource; a path such as `/team/` is not part of it. */
  readonly userName: string
}

const userArnForm = /^arn:(aws[a-z-]*):iam::([0-9]{12}):user\/(?:[\x21-\x7e]*\/)?([\w+=,.@-]{1,64})$/

/**
 * `arn:<partition>:iam::<12 digits>:user/<path><name>`; roles, groups and root have
 * no access keys to rotate.
 */
export function parseUserArn(arn: string): UserArn {
  const [, partition, account, userName] = userArnForm.exec(arn) ?? []
  if (partition === undefined || account === undefined || userName === undefined) {
    throw new EscError('invalid_input', `aws-iam: \`userArn\` ${JSON.stringify(arn)} is not the ARN of an IAM user`, {
      hint: 'it looks like arn:aws:iam::123456789012:user/name; only users have access keys, not roles or the root user',
    })
  }
  return { partition, account, userName }
}

// https://docs.aws.amazon.com/general/latest/gr/iam-service.html: one IAM endpoint a
// partition, its home region below.
const homeRegions: Readonly<Record<string, { readonly home: string; readonly prefix: string }>> = {
  'aws-cn': { home: 'cn-north-1', prefix: 'cn-' },
  'aws-us-gov': { home: 'us-gov-west-1', prefix: 'us-gov-' },
}

/** The region to talk to: as asked, or the home region of the ARN's partition. */
export function regionFor({ partition }: UserArn, region: string | undefined): string {
  const partitionHome = homeRegions[partition]
  if (region === undefined) return partitionHome?.home ?? 'us-east-1'
  const belongs =
    partitionHome !== undefined
      ? region.startsWith(partitionHome.prefix)
      : partition !== 'aws' || !Object.values(homeRegions).some(({ prefix }) => region.startsWith(prefix))
  if (!belongs || !/^[a-z]{2}(-[a-z]+)+-[0-9]+$/.test(region)) {
    throw new EscError(
      'invalid_input',
      `aws-iam: \`region\` "${region}" is not a region of the partition "${partition}"`,
      {
        hint: 'leave `region` out, or name a region of the partition in `userArn`, such as us-east-1',
      },
    )
  }
  return region
}

/**
 * The region that IAM requests are signed for, given the region asked for: a partition has one IAM.
 * The SDK knows that of its own endpoints, and not of one named by `AWS_ENDPOINT_URL_IAM`.
 */
export function iamRegion(region: string): string {
  if (/^[a-z]{2}-iso/.test(region)) return region
  const partition = Object.values(homeRegions).find(({ prefix }) => region.startsWith(prefix))
  return partition?.home ?? 'us-east-1'
}
