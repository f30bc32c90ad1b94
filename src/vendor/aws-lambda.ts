// Bundled by itself and loaded when a rotation first goes through a Lambda function.
export { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
