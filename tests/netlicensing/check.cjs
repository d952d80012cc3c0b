// What Labs64's client for JavaScript makes of the answers. Run by ./run.
const assert = require('node:assert');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const folder = process.env.NODE_PATH.split(path.delimiter)[0];
const client = require(path.join(folder, 'netlicensing-client/dist/netlicensing-client.node.js'));
const { Constants, Context, LicenseeService, ValidationParameters } = client;

const [url, file] = process.argv.slice(2);
const facts = JSON.parse(fs.readFileSync(file, 'utf8'));
const context = new Context({ baseUrl: `${url}/core/v2/rest` });
context.setSecurityMode(Constants.APIKEY_IDENTIFICATION).setApiKey('anything');

let failed = false;
function check(what, found, wanted) {
    try {
        assert.deepStrictEqual(found, wanted);
        console.log(`  ok   ${what}`);
    } catch (error) {
        failed = true;
        console.log(`  FAIL ${what}: ${error.message}`);
    }
}

const validate = (number, parameters = new ValidationParameters()) =>
    LicenseeService.validate(context, number, parameters);
const refused = (...what) => validate(...what).then(() => null, (error) => error);

async function main() {
    let told = await validate(facts.valid);
    check('a valid key', told.getProductModuleValidation(facts.product), {
        productModuleNumber: facts.product,
        valid: 'true',
        expires: facts.expires,
        productModuleName: facts.name,
        licensingModel: 'Subscription',
    });
    const ahead = told.getTtl() - Date.now();
    check('when to ask again', ahead > 0 && ahead <= 24 * 3600 * 1000, true);

    const all = new ValidationParameters();
    all.setProductNumber(facts.product).setLicenseeName("Ann's laptop").setForOfflineUse(true);
    all.setDryRun(true).setProductModuleValidationParameters('M-1', { action: 'checkOut' });
    told = await validate(facts.valid, all);
    check('with every parameter', told.getProductModuleValidation(facts.product).valid, 'true');
    check('offline, it is asked again later', told.getTtl() - Date.now() > ahead, true);

    told = (await validate(facts.suite)).getValidators();
    check('a bundle', Object.keys(told).sort(), facts.members);
    check('all of it', Object.values(told).every((one) => one.valid === 'true'), true);

    told = (await validate(facts.suspended)).getValidators();
    const [suspended] = Object.values(told);
    check('a suspended key', [suspended.valid, 'expires' in suspended], ['false', false]);

    let error = await refused('NOBODY-HAS-THIS');
    check('a key that nobody has', error && error.response.status, 404);
    check('what is said of it', /there is no license with this key/.test(error.message), true);

    const machine = `machine-${crypto.randomBytes(8).toString('hex')}`;
    const wish = new ValidationParameters().setProductNumber(facts.try);
    error = await refused(machine, new ValidationParameters().setProductNumber(facts.try).setDryRun(true));
    check('no trial by rehearsal', error && error.response.status, 404);
    told = (await validate(machine, wish)).getProductModuleValidation(facts.try);
    check('a trial', told && told.valid, 'true');
    told = (await validate(machine)).getProductModuleValidation(facts.try);
    check('the same trial again', told && told.valid, 'true');
}

main().then(() => process.exit(failed ? 1 : 0), (error) => {
    console.error(error);
    process.exit(1);
});
