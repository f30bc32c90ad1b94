import { EscError } from '../../../errors.ts'

/**
 * A name as Snowflake keeps it. As in SQL, one that needs no quotes is upper-cased, and one in
 * double quotes, or that would need them, is taken as it is.
 */
export function resolveUser(name: string, field: string): string {
  const quoted = /^"([^"]*)"$/.exec(name)?.[1]
  const resolved = quoted ?? (/^[A-Za-z_][A-Za-z0-9_$]*$/.test(name) ? name.toUpperCase() : name)
  if (resolved === '' || resolved.length > 255 || /["\u0000-\u001f\u007f]/.test(resolved)) {
    throw new EscError(
      'invalid_input',
      `snowflake-user: \`${field}\` ${JSON.stringify(name)} is not the name of a user`,
      {
        hint: 'write the name as SHOW USERS prints it',
      },
    )
  }
  return resolved
}

/** For SQL. Names that hold a quote were refused, and one would be doubled all the same. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** `myorg-account1`, or a locator such as `xy12345.eu-central-1.aws`. */
export function requireAccount(account: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$/.test(account) && !/snowflakecomputing/i.test(account)) return
  throw new EscError(
    'invalid_input',
    `snowflake-user: \`login.account\` ${JSON.stringify(account)} is not an account identifier`,
    {
      hint: 'give it without https:// and .snowflakecomputing.com, such as myorg-account1',
    },
  )
}

/** In names of hosts, underscores are hyphens. */
export function originOf(account: string): string {
  return `https://${account.toLowerCase().replaceAll('_', '-')}.snowflakecomputing.com`
}
