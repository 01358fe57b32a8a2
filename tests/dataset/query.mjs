// SPDX-License-Identifier: Apache-2.0
// What DuckDB answers: node query.mjs SQL...        prints JSON: for each SQL its rows, big integers as numbers
import { DuckDBInstance } from '@duckdb/node-api';

const db = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();
const answers = [];
for (const sql of process.argv.slice(2))
	answers.push((await db.runAndReadAll(sql)).getRowObjectsJS());
console.log(JSON.stringify(answers, (_, value) => (typeof value === 'bigint' ? Number(value) : value)));
