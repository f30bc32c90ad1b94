import { underTest as ldapPassword } from './chosen/ldap-password.under-test.ts'
import { underTest as mysqlDual } from './chosen/mysql-dual.under-test.ts'
import { underTest as redisAcl } from './chosen/redis-acl.under-test.ts'
import { underTest as snowflakeUser } from './chosen/snowflake-user.under-test.ts'
import { underTest as sshKey } from './chosen/ssh-key.under-test.ts'
import { underTest as external } from './external/external.under-test.ts'
import { underTest as passphrase } from './generated/passphrase.under-test.ts'
import { underTest as password } from './generated/password.under-test.ts'
import { underTest as awsIam } from './issued/aws-iam.under-test.ts'
import { underTest as azureAppSecret } from './issued/azure-app-secret.under-test.ts'
import { underTest as gcpServiceAccountKey } from './issued/gcp-service-account-key.under-test.ts'
import { underTest as httpIssued } from './issued/http-issued.under-test.ts'
import { underTest as kubernetesToken } from './issued/kubernetes-service-account-token.under-test.ts'
import { underTest as openAiAdminKey } from './issued/openai-admin-key.under-test.ts'
import { underTest as openAiApiKey } from './issued/openai-api-key.under-test.ts'
import { underTest as sendGridApiKey } from './issued/sendgrid-api-key.under-test.ts'
import { underTest as twilioApiKey } from './issued/twilio-api-key.under-test.ts'
import { underTest as mysql } from './pair/mysql.under-test.ts'
import { underTest as postgres } from './pair/postgres.under-test.ts'
import type { RotatorUnderTest } from './rotator-under-test.ts'

/** Every rotator. A further one is its own file and one line here. */
export const rotatorsUnderTest: Readonly<Record<string, RotatorUnderTest>> = {
  password,
  passphrase,
  postgres,
  mysql,
  'mysql-dual': mysqlDual,
  'redis-acl': redisAcl,
  'ldap-password': ldapPassword,
  'ssh-key': sshKey,
  'aws-iam': awsIam,
  'azure-app-secret': azureAppSecret,
  'gcp-service-account-key': gcpServiceAccountKey,
  'twilio-api-key': twilioApiKey,
  'kubernetes-service-account-token': kubernetesToken,
  'http-issued': httpIssued,
  'openai-api-key': openAiApiKey,
  'openai-admin-key': openAiAdminKey,
  'sendgrid-api-key': sendGridApiKey,
  'snowflake-user': snowflakeUser,
  external,
}
