// Reads a model as Netron does and prints what it would draw, as JSON.
//
//     node read_in_netron.mjs NETRON FILE
//
// NETRON is a folder with Netron's modules.

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, file] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(join(folder, name)).href);
const [base, view] = [await load('base.js'), await load('view.js')];

const context = {
    identifier: basename(file),
    stream: new base.BinaryStream(new Uint8Array(readFileSync(file))),
    entries: new Map(),
    asset: async (name) => readFileSync(join(folder, name), 'utf-8'),
    require: async (id) => load(`${id}.js`),
    error: (error) => { throw error; },
};
const service = new view.ModelFactoryService({
    environment: () => null,
    event: () => {},
    require: async (id) => load(`${id}.js`),
});
const model = await service.open(context);
const [graph] = model.modules;
const drawn = (values) => values.flatMap((argument) => argument.value).map(
    (value) => ({ name: value.name, type: value.type?.toString(), held: Boolean(value.initializer) }));
console.log(JSON.stringify({
    format: model.format,
    inputs: drawn(graph.inputs),
    outputs: drawn(graph.outputs),
    nodes: graph.nodes.map((node) => ({
        name: node.name,
        type: node.type.name,
        inputs: drawn(node.inputs),
        outputs: drawn(node.outputs),
    })),
}));
