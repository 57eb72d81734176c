"""Names that a pickle of a model may import, by its server: classes that hold numbers, and what rebuilds them.

A family of modules is on the list by the form of a class's name, since releases move classes between files. What is
left out on purpose, though models name it: ``scipy.stats``, whose distributions run a text of their state as code;
``numpy.core._ufunc_reconstruct``, which imports what its arguments say; ``operator`` and ``builtins.getattr``.
"""

from __future__ import annotations

import re
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections.abc import Callable, Iterable
from functools import cache

_BASE = """
builtins: bool bytearray bytes complex dict float frozenset int list object range set slice str tuple
collections: Counter OrderedDict defaultdict deque
copyreg: _reconstructor __newobj__ __newobj_ex__
_codecs: encode
datetime: date datetime time timedelta timezone
decimal: Decimal
fractions: Fraction
functools: partial
uuid: UUID
numpy: bool bool_ bytes_ clongdouble complex128 complex64 datetime64 dtype float16 float32 float64 int16 int32 int64
numpy: int8 longdouble longlong matrix ndarray object_ str_ timedelta64 uint16 uint32 uint64 uint8 ulonglong unicode_
numpy: void abs absolute cbrt ceil clip cos exp exp2 expm1 floor log log10 log1p log2 maximum minimum negative
numpy: nan_to_num rint round sign sin sqrt square tan tanh
numpy.core.multiarray numpy._core.multiarray: _reconstruct scalar
numpy.core.numeric numpy._core.numeric: _frombuffer
numpy.core._multiarray_umath numpy._core._multiarray_umath: absolute cbrt ceil exp exp2 expm1 floor log log10 log1p log2
numpy.core._multiarray_umath numpy._core._multiarray_umath: negative rint sign sqrt square tanh
numpy.ma.core numpy.ma: MaskedArray _mareconstruct
numpy.random: RandomState Generator
numpy.random.mtrand: RandomState
numpy.random._generator: Generator
numpy.random._pickle: __bit_generator_ctor __generator_ctor __randomstate_ctor
numpy.random._mt19937: MT19937
numpy.random._pcg64: PCG64 PCG64DXSM
numpy.random._philox: Philox
numpy.random._sfc64: SFC64
numpy.random.bit_generator: SeedSequence __pyx_unpickle_SeedSequence
"""
_SKLEARN = """
joblib.numpy_pickle sklearn.externals.joblib.numpy_pickle: NumpyArrayWrapper
scipy.sparse.csr scipy.sparse._csr scipy.sparse: csr_matrix csr_array
scipy.sparse.csc scipy.sparse._csc scipy.sparse: csc_matrix csc_array
scipy.sparse.coo scipy.sparse._coo scipy.sparse: coo_matrix coo_array
scipy.sparse._dia scipy.sparse._lil scipy.sparse._bsr scipy.sparse._dok: dia_matrix lil_matrix bsr_matrix dok_matrix
scipy.interpolate._interpolate scipy.interpolate.interpolate: interp1d
scipy.interpolate._bsplines: BSpline
scipy._lib.array_api_compat.numpy._aliases: asarray
scipy.interpolate._fitpack2: UnivariateSpline InterpolatedUnivariateSpline LSQUnivariateSpline
scipy.special._special_ufuncs scipy.special._ufuncs scipy.special: expit logit
sklearn.utils sklearn.utils._bunch: Bunch
sklearn.utils._metadata_requests: MetadataRequest MethodMetadataRequest MethodMapping MetadataRouter
sklearn.utils._fast_dict: IntFloatDict
sklearn.utils.deprecation: DeprecationDict
sklearn.feature_selection._univariate_selection: chi2 f_classif f_oneway f_regression r_regression
sklearn.feature_selection._mutual_info: mutual_info_classif mutual_info_regression
sklearn.feature_extraction.text: strip_accents_ascii strip_accents_unicode
pandas.core.frame: DataFrame
pandas.core.series: Series
pandas.core.internals.managers pandas.core.internals: BlockManager SingleBlockManager
pandas.core.internals.blocks: new_block
pandas._libs.internals: _unpickle_block
pandas.core.indexes.base: Index _new_Index
pandas.core.indexes.range: RangeIndex
pandas.core.indexes.multi: MultiIndex
pandas.core.arrays.categorical: Categorical
pandas.core.dtypes.dtypes: CategoricalDtype
pandas.core.indexes.category: CategoricalIndex
pandas.core.arrays.string_: StringDtype StringArray
"""
_XGBOOST = """
xgboost.core: Booster
xgboost.sklearn: XGBClassifier XGBModel XGBRanker XGBRegressor XGBRFClassifier XGBRFRegressor
"""
_LIGHTGBM = """
lightgbm.basic: Booster
lightgbm.sklearn: LGBMClassifier LGBMModel LGBMRanker LGBMRegressor
lightgbm.compat: _LGBMLabelEncoder
"""
_TORCH = """
torch: BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage ComplexFloatStorage DoubleStorage
torch: FloatStorage HalfStorage IntStorage LongStorage ShortStorage Size Tensor bfloat16 bool complex128 complex64
torch: device dtype float16 float32 float64 int16 int32 int64 int8 uint8
torch: QInt32Storage QInt8Storage QUInt8Storage per_channel_affine per_tensor_affine qint32 qint8 quint8
torch.storage: UntypedStorage TypedStorage
torch._utils: _rebuild_parameter _rebuild_parameter_with_state _rebuild_qtensor _rebuild_sparse_tensor _rebuild_tensor
torch._utils: _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_device_tensor_from_numpy
torch._tensor: Tensor _rebuild_from_type_v2
torch.nn.parameter: Parameter
torch.serialization: _get_layout
torch.jit._pickle: build_boollist build_doublelist build_intlist build_tensorlist restore_type_tag
"""
_TABLES = {"sklearn": _SKLEARN, "xgboost": _XGBOOST, "lightgbm": _LIGHTGBM, "torch": _TORCH}

_CLASS = r"_{0,2}[A-Z][A-Za-z0-9_]*"
_FAMILIES: dict[str, tuple[tuple[str, str], ...]] = {
    "base": ((r"numpy\.dtypes", r"[A-Z][A-Za-z0-9]*DType"),),
    "sklearn": (
        (
            r"sklearn\.(_loss|base|calibration|cluster|compose|covariance|cross_decomposition|decomposition"
            r"|discriminant_analysis|dummy|ensemble|feature_extraction|feature_selection|frozen|gaussian_process"
            r"|impute|isotonic|kernel_approximation|kernel_ridge|linear_model|manifold|metrics|mixture|model_selection"
            r"|multiclass|multioutput|naive_bayes|neighbors|neural_network|pipeline|preprocessing|random_projection"
            r"|semi_supervised|svm|tree)(\.\w+)*",
            rf"{_CLASS}|__pyx_unpickle_\w+|newObj",
        ),
        (r"sklearn\.metrics(\._\w+)?", r"[a-z]\w*_(score|error|loss)"),
    ),
    "torch": ((r"torch\.nn\.modules\.\w+", _CLASS), (r"__torch__(\.\w+)*", _CLASS)),
}
_NEVER = frozenset({"ABC", "ABCMeta", "Enum", "NamedTuple", "Parallel", "Protocol", "StringIO", "Thread"})
"""Names of the form of a model's class that its module only borrows, and that do something by themselves."""

_PACKAGES: dict[str, tuple[str, ...]] = {
    "sklearn": ("sklearn",),
    "xgboost": ("xgboost", "sklearn"),
    "lightgbm": ("lightgbm", "sklearn"),
    "huggingface": ("torch",),
    "triton": ("torch",),
    "tensorflow": (),
    "torchserve": ("torch",),
    "onnx": (),
}
"""What each kind of server loads; any other, and your own class, may load all of it."""


def allowed(kind: str, trusted: Iterable[str] = ()) -> Callable[[str, str], bool]:
    """Give what tells whether a server of some kind may import a name; ``trusted`` ones too."""
    own = frozenset(trusted)
    packages = ("base", *_PACKAGES.get(kind, tuple(_TABLES)))
    names = frozenset[str]().union(*map(_names, packages))
    families = [(re.compile(where), re.compile(name)) for each in packages for where, name in _FAMILIES.get(each, ())]

    def tell(module: str, name: str) -> bool:
        whole = f"{module}.{name}"
        if whole in own or whole in names:
            return True
        known = any(where.fullmatch(module) and form.fullmatch(name) for where, form in families)
        return known and name not in _NEVER and whole.isascii()

    return tell


def of_python_3(module: str, name: str) -> tuple[str, str]:
    """Give what Python 3 takes a name of Python 2 for, as its unpickler does below protocol 3."""
    if (module, name) in NAME_MAPPING:
        return NAME_MAPPING[module, name]
    return IMPORT_MAPPING.get(module, module), name


@cache
def _names(package: str) -> frozenset[str]:
    lines = (line.partition(":") for line in _TABLES.get(package, _BASE).strip().splitlines())
    return frozenset(
        f"{module}.{name}" for modules, _, names in lines for module in modules.split() for name in names.split()
    )
