import zxcvbn from 'zxcvbn'

export { zxcvbn }
