// Run tests of an installed fallback in Pyodide: node tools/pyodide.mjs FOLDER-WITH-NODE_MODULES WORK TEST...
// WORK holds site/ (the wheel and what the tests need), tests/ and pyproject.toml.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, work, ...tests] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${folder}/`));
const { loadPyodide } = await import(pathToFileURL(require.resolve("pyodide")).href.replace(/\.js$/, ".mjs"));
const pyodide = await loadPyodide({ env: { CYJSON_EXPECT_BACKEND: "python", HOME: "/home/pyodide" } });
pyodide.mountNodeFS("/work", work);
pyodide.globals.set("tests", pyodide.toPy(tests));
const status = pyodide.runPython(`
import os, sys
sys.path.insert(0, "/work/site")
sys.dont_write_bytecode = True
os.chdir("/work")
import cyjson, pytest
assert cyjson.__file__.startswith("/work/site/"), cyjson.__file__
print("Pyodide", sys.version.split()[0], sys.platform, cyjson.backend, flush=True)
int(pytest.main(["-q", "-p", "no:cacheprovider", *tests]))
`);
process.exit(status);
