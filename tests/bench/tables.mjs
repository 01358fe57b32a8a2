// SPDX-License-Identifier: Apache-2.0
// DuckDB beside assent: the same rows in memory, written as Parquet; and reading what both wrote.
//
// usage: node tables.mjs THREADS ROWS.csv OURS.parquet FOLDER       prints JSON
import fs from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const [threads, csv, ours, folder] = process.argv.slice(2);
const ROUNDS = 3;
const db = await (await DuckDBInstance.create(':memory:', { threads })).connect();
const quoted = (path) => `'${path.replaceAll("'", "''")}'`;
const types = { t_us: 'BIGINT', mono_us: 'BIGINT', kind: 'VARCHAR', device: 'SMALLINT', class: 'VARCHAR', code: 'SMALLINT', text: 'VARCHAR', x: 'INTEGER', y: 'INTEGER',
	dx: 'FLOAT', dy: 'FLOAT', scroll_x: 'SMALLINT', scroll_y: 'SMALLINT', app: 'VARCHAR', title: 'VARCHAR', reason: 'VARCHAR', end_us: 'BIGINT', lost: 'INTEGER',
	synthetic: 'BOOLEAN', study: 'VARCHAR', epoch: 'VARCHAR', participant: 'VARCHAR', segment: 'VARCHAR' };
// Each value of each column is looked at.
const all = Object.entries(types).map(([name, type]) => (type === 'VARCHAR' ? `sum(strlen("${name}"))` : type === 'BOOLEAN' ? `count_if("${name}")` : `sum("${name}")`)).join();

// Best of some rounds: seconds of the processor, and of the wall.
async function best(what) {
	let cpu = Infinity, wall = Infinity;
	for (let i = 0; i < ROUNDS; i++) {
		const usage = process.cpuUsage(), from = process.hrtime.bigint();
		await what();
		wall = Math.min(wall, Number(process.hrtime.bigint() - from) / 1e9);
		const used = process.cpuUsage(usage);
		cpu = Math.min(cpu, (used.user + used.system) / 1e6);
	}
	return { cpu, wall };
}

await db.run(`create table t as select * from read_csv(${quoted(csv)}, header=true, quote='"', escape='"', allow_quoted_nulls=false,
	columns={${Object.entries(types).map(([name, type]) => `'${name}': '${type}'`).join()}})`);
const result = { rows: Number((await db.runAndReadAll('select count(*) from t')).getRows()[0][0]), write: {}, bytes: {}, read: {} };
for (const version of ['V1', 'V2']) {
	const path = `${folder}/duckdb-${version}.parquet`;
	result.write[version] = await best(() => db.run(`copy t to ${quoted(path)} (format parquet, compression zstd, parquet_version ${version})`));
	result.bytes[version] = fs.statSync(path).size;
}
await db.run('drop table t');
for (const [name, path] of [['V1', `${folder}/duckdb-V1.parquet`], ['V2', `${folder}/duckdb-V2.parquet`], ['ours', ours]])
	result.read[name] = await best(() => db.runAndReadAll(`select ${all} from read_parquet(${quoted(path)})`));
for (const [version, level] of [['V1', 19], ['V2', 19]]) {
	const path = `${folder}/duckdb-19.parquet`;
	await db.run(`copy (select * from read_parquet(${quoted(ours)})) to ${quoted(path)} (format parquet, compression zstd, compression_level ${level}, parquet_version ${version})`);
	result.bytes[`${version} level ${level}`] = fs.statSync(path).size;
}
console.log(JSON.stringify(result));
