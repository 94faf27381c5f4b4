// Copyright: (c) 2026, community.senhasegura contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Reads {"name": [object, ...], ...} from standard input. Writes {"name": [problem, ...], ...}: what the schema that
// @kubernetes-models/external-secrets has made of ESO's Go types says of the objects of ESO.
import { readFileSync } from "node:fs";
import * as v1 from "@kubernetes-models/external-secrets/external-secrets.io/v1";
import * as v1beta1 from "@kubernetes-models/external-secrets/external-secrets.io/v1beta1";

const versions = { "external-secrets.io/v1": v1, "external-secrets.io/v1beta1": v1beta1 };
const found = {};
for (const [name, objects] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
    found[name] = [];
    for (const object of objects) {
        const Model = versions[object.apiVersion]?.[object.kind];
        if (!Model) continue;
        try {
            new Model(object).validate();
        } catch (error) {
            found[name].push(`${object.kind}: ${error.message}`);
        }
    }
}
console.log(JSON.stringify(found));
