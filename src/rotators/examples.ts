const awsLogin = `{accessKeyId: AKIAIOSFODNN7EXAMPLE, secretAccessKey: {fn::secret: "…"}}`

const database = (port: number) => `      inputs:
        database:
          host: db.example.org
          port: ${port}
          database: app
          managingUser: {username: manager, password: {fn::secret: "…"}}`

/** A definition in which each rotator is used, by its name. */
export const rotatorExamples: Readonly<Record<string, string>> = {
  'aws-iam': `values:
  keys:
    fn::rotate::aws-iam:
      inputs:
        login: ${awsLogin}
        userArn: arn:aws:iam::123456789012:user/ci
`,
  'azure-app-secret': `values:
  app:
    fn::rotate::azure-app-secret:
      inputs:
        login:
          clientId: 00000000-0000-0000-0000-000000000000
          tenantId: 11111111-1111-1111-1111-111111111111
          clientSecret: {fn::secret: "…"}
        clientId: 22222222-2222-2222-2222-222222222222
        lifetimeInDays: 90
`,
  external: `values:
  coupon:
    fn::rotate::external:
      inputs:
        url: https://adapter.example.org/rotate
        request: {shop: api}
`,
  'gcp-service-account-key': `values:
  key:
    fn::rotate::gcp-service-account-key:
      inputs:
        login: {project: 123456789012, accessToken: {fn::secret: "…"}}
        serviceAccount: app@foo-bar-123456.iam.gserviceaccount.com
`,
  'http-issued': `values:
  mail:
    fn::rotate::http-issued:
      inputs:
        url: https://api.example.org/v1
        auth: {bearer: {fn::secret: "…"}}
        list: {path: keys, items: data, id: id, name: name}
        create:
          path: keys
          body: {name: "esc {{mark}}", scopes: [send]}
          id: id
          values: {key: secret}
        delete: {path: "keys/{{id}}"}
        verify: {path: whoami, auth: {bearer: "{{key}}"}}
`,
  'kubernetes-service-account-token': `values:
  deployer:
    fn::rotate::kubernetes-service-account-token:
      inputs:
        server: https://cluster.example.org:6443
        login: {token: {fn::secret: "…"}}
        namespace: shop
        serviceAccount: deployer
`,
  'ldap-password': `values:
  app:
    fn::rotate::ldap-password:
      inputs:
        url: ldaps://ldap.example.org
        login: {dn: "cn=manager,dc=example,dc=org", password: {fn::secret: "…"}}
        dn: "uid=app,ou=services,dc=example,dc=org"
`,
  mysql: `values:
  db:
    fn::rotate::mysql:
${database(3306)}
        rotateUsers: {username1: app_a, username2: app_b}
`,
  'mysql-dual': `values:
  db:
    fn::rotate::mysql-dual:
${database(3306)}
        rotateUser: {username: app}
`,
  'openai-admin-key': `values:
  admin:
    fn::rotate::openai-admin-key:
      inputs:
        login: {adminKey: {fn::secret: "…"}}
        organization: org-abc
`,
  'openai-api-key': `values:
  ai:
    fn::rotate::openai-api-key:
      inputs:
        login: {adminKey: {fn::secret: "…"}}
        project: proj_abc
        name: shop
`,
  passphrase: `values:
  admin:
    fn::rotate::passphrase:
      inputs: {length: 6}
`,
  password: `values:
  admin:
    fn::rotate::password:
      inputs: {length: 32}
`,
  postgres: `values:
  db:
    fn::rotate::postgres:
${database(5432)}
        rotateUsers: {username1: app_a, username2: app_b}
`,
  'redis-acl': `values:
  cache:
    fn::rotate::redis-acl:
      inputs:
        host: cache.example.org
        login: {password: {fn::secret: "…"}}
        user: app
`,
  'sendgrid-api-key': `values:
  mail:
    fn::rotate::sendgrid-api-key:
      inputs:
        login: {apiKey: {fn::secret: "…"}}
        scopes: [mail.send]
`,
  'snowflake-user': `values:
  loader:
    fn::rotate::snowflake-user:
      inputs:
        login: {account: example-account, user: MANAGER, privateKey: {fn::secret: "…"}}
        targetUser: LOADER
`,
  'twilio-api-key': `values:
  sms:
    fn::rotate::twilio-api-key:
      inputs:
        login: {accountSid: AC00000000000000000000000000000000, authToken: {fn::secret: "…"}}
`,
}
