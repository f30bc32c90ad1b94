/**
 * A definition in which each provider is used, by its name. Beside the secrets of a cloud stands
 * the login.
 */
export const providerExamples: Readonly<Record<string, string>> = {
  '1password-secrets': `values:
  1password:
    secrets:
      fn::open::1password-secrets:
        login:
          serviceAccountToken: {fn::secret: "ops_…"}
        get:
          api-key:
            ref: op://example-vault/example-item/api-key
`,
  'aws-login': `values:
  aws:
    login:
      fn::open::aws-login:
        oidc:
          roleArn: arn:aws:iam::123456789012:role/esc
          sessionName: esc
          duration: 1h
  environmentVariables:
    AWS_ACCESS_KEY_ID: \${aws.login.accessKeyId}
    AWS_SECRET_ACCESS_KEY: \${aws.login.secretAccessKey}
    AWS_SESSION_TOKEN: \${aws.login.sessionToken}
`,
  'aws-parameter-store': `values:
  aws:
    login:
      fn::open::aws-login:
        oidc:
          roleArn: arn:aws:iam::123456789012:role/esc
          sessionName: esc
          duration: 1h
    params:
      fn::open::aws-parameter-store:
        region: us-west-1
        login: \${aws.login}
        get:
          app-secret:
            name: /path/to/app/secret
            decrypt: true
`,
  'aws-secrets': `values:
  aws:
    login:
      fn::open::aws-login:
        oidc:
          roleArn: arn:aws:iam::123456789012:role/esc
          sessionName: esc
          duration: 1h
    secrets:
      fn::open::aws-secrets:
        region: us-west-1
        login: \${aws.login}
        get:
          api-key:
            secretId: api-key
          app-secret:
            secretId: app-secret
            versionStage: AWSPREVIOUS
`,
  'azure-login': `values:
  azure:
    login:
      fn::open::azure-login:
        clientId: 00000000-0000-0000-0000-000000000000
        tenantId: 11111111-1111-1111-1111-111111111111
        subscriptionId: 22222222-2222-2222-2222-222222222222
        oidc: true
  environmentVariables:
    ARM_USE_OIDC: "true"
    ARM_CLIENT_ID: \${azure.login.clientId}
    ARM_TENANT_ID: \${azure.login.tenantId}
    ARM_SUBSCRIPTION_ID: \${azure.login.subscriptionId}
    ARM_OIDC_TOKEN: \${azure.login.oidc.token}
`,
  'azure-secrets': `values:
  azure:
    login:
      fn::open::azure-login:
        clientId: 00000000-0000-0000-0000-000000000000
        tenantId: 11111111-1111-1111-1111-111111111111
        subscriptionId: 22222222-2222-2222-2222-222222222222
        oidc: true
    secrets:
      fn::open::azure-secrets:
        login: \${azure.login}
        vault: example-vault-name
        get:
          api-key:
            name: api-key
          app-secret:
            name: app-secret
`,
  'bitwarden-secrets': `values:
  bitwarden:
    secrets:
      fn::open::bitwarden-secrets:
        login:
          accessToken: {fn::secret: "0.…"}
        get:
          api-key:
            secretId: 27d0dc4c-2c0b-4a37-8a42-b39d0118e2e5
`,
  command: `values:
  fromAProgram:
    fn::open::command:
      command: [pass, show, shop/api]
`,
  'doppler-login': `values:
  doppler:
    login:
      fn::open::doppler-login:
        oidc:
          identityId: 00000000-0000-0000-0000-000000000000
`,
  'doppler-secrets': `values:
  doppler:
    login:
      fn::open::doppler-login:
        oidc:
          identityId: 00000000-0000-0000-0000-000000000000
    secrets:
      fn::open::doppler-secrets:
        login: \${doppler.login}
        project: example-project
        config: dev
        get:
          api-key:
            name: API_KEY
          app-secret:
            name: APP_SECRET
`,
  env: `values:
  fromVariables:
    fn::open::env:
      get:
        url: {name: DATABASE_URL}
        region: {name: REGION, default: eu-west-1}
`,
  external: `values:
  coupons:
    fn::open::external:
      url: https://secrets.example.org/coupons
      request:
        shop: api
`,
  file: `values:
  fromFiles:
    fn::open::file:
      get:
        banner: {path: banner.txt}
        key: {path: ~/.config/shop/key.bin, encoding: base64}
`,
  'gcp-login': `values:
  gcp:
    login:
      fn::open::gcp-login:
        project: 123456789012
        oidc:
          workloadPoolId: esc
          providerId: esc
          serviceAccount: esc@foo-bar-123456.iam.gserviceaccount.com
  environmentVariables:
    GOOGLE_PROJECT: \${gcp.login.project}
    GOOGLE_OAUTH_ACCESS_TOKEN: \${gcp.login.accessToken}
    CLOUDSDK_AUTH_ACCESS_TOKEN: \${gcp.login.accessToken}
`,
  'gcp-secrets': `values:
  gcp:
    login:
      fn::open::gcp-login:
        project: 123456789012
        oidc:
          workloadPoolId: esc
          providerId: esc
          serviceAccount: esc@foo-bar-123456.iam.gserviceaccount.com
    secrets:
      fn::open::gcp-secrets:
        login: \${gcp.login}
        access:
          api-key:
            name: api-key
          app-secret:
            name: app-secret
            version: 2
`,
  'gh-login': `values:
  github:
    login:
      fn::open::gh-login:
        appId: 12345
        privateKey: {fn::secret: "-----BEGIN RSA PRIVATE KEY-----…"}
        owner: example-owner
        repositories: [example-repository]
        permissions:
          contents: read
  environmentVariables:
    GITHUB_TOKEN: \${github.login.accessToken}
`,
  'infisical-login': `values:
  infisical:
    login:
      fn::open::infisical-login:
        oidc:
          identityId: aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee
`,
  'infisical-secrets': `values:
  infisical:
    login:
      fn::open::infisical-login:
        oidc:
          identityId: aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee
    secrets:
      fn::open::infisical-secrets:
        login: \${infisical.login}
        get:
          api-key:
            projectId: bbbbbbbb-cccc-dddd-eeee-ffffffffffff
            environment: dev
            secretKey: API_KEY
`,
  'kubernetes-secrets': `values:
  kubernetes:
    secrets:
      fn::open::kubernetes-secrets:
        login:
          from: ~/.kube/config
          context: production
        get:
          db-password:
            namespace: shop
            name: db
            key: password
`,
  oidc: `values:
  token:
    fn::open::oidc:
      audience: https://api.example.org
      identityToken:
        version: v2
      duration: 15m
`,
  'pulumi-stacks': `values:
  stacks:
    fn::open::pulumi-stacks:
      stacks:
        network:
          stack: example-project/prod
`,
  'snowflake-login': `values:
  snowflake:
    login:
      fn::open::snowflake-login:
        oidc:
          account: example-account
          user: ESC_SERVICE_USER
  environmentVariables:
    SNOWFLAKE_ACCOUNT: \${snowflake.login.account}
    SNOWFLAKE_USER: \${snowflake.login.user}
    SNOWFLAKE_TOKEN: \${snowflake.login.token}
`,
  sops: `values:
  fromSops:
    fn::open::sops:
      path: secrets.enc.yaml
`,
  'terraform-state': `values:
  aws:
    login:
      fn::open::aws-login:
        oidc:
          roleArn: arn:aws:iam::123456789012:role/esc
          sessionName: esc
          duration: 1h
  terraform:
    fn::open::terraform-state:
      backend:
        s3:
          login: \${aws.login}
          bucket: example-state-bucket
          key: path/to/terraform.tfstate
          region: us-west-2
`,
  'vault-login': `values:
  vault:
    login:
      fn::open::vault-login:
        address: https://vault.example.org:8200
        jwt:
          role: example-role
  environmentVariables:
    VAULT_ADDR: \${vault.login.address}
    VAULT_TOKEN: \${vault.login.token}
`,
  'vault-secrets': `values:
  vault:
    login:
      fn::open::vault-login:
        address: https://vault.example.org:8200
        jwt:
          role: example-role
    secrets:
      fn::open::vault-secrets:
        login: \${vault.login}
        read:
          api-key:
            path: secret/data/api
            field: key
          app:
            path: secret/data/app
`,
}
